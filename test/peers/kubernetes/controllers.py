"""Says of workloads what controllers and a kubelet would, for commands that wait to hear it. Nothing runs: a Pod is an object."""
import contextlib
import threading

from cluster import MERGE, Refused

NODE = 'node-1'
_WHEN = '2026-01-02T03:04:05Z'
_JOB = {'startTime': _WHEN, 'completionTime': _WHEN, 'succeeded': 1, 'uncountedTerminatedPods': {}, 'conditions': [
    {'type': kind, 'status': 'True', 'lastProbeTime': _WHEN, 'lastTransitionTime': _WHEN} for kind in ('SuccessCriteriaMet', 'Complete')]}


def _rolled_out(item):
    replicas = item['spec']['replicas']
    status = {name: replicas for name in ('replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas')}
    return status | {'observedGeneration': item['metadata']['generation']}


class Controllers:
    """Every Job has succeeded, every rollout is done, and there is the one Pod of each StatefulSet with a replica."""

    def __init__(self, cluster, space):
        self._cluster, self._space = cluster, space
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def _run(self):
        while not self._end.wait(0.1):
            # Somebody else changed or removed it meanwhile, or the server is slow: seen again in a moment.
            with contextlib.suppress(Refused, OSError, ValueError):
                self._look()

    def _items(self, kinds):
        return self._cluster.ask('GET', f'{kinds[0]}/namespaces/{self._space}/{kinds[1]}')['items']

    def _say(self, kinds, item, status):
        if any(item['status'].get(name) != value for name, value in status.items()):
            path = f'{kinds[0]}/namespaces/{self._space}/{kinds[1]}/{item["metadata"]["name"]}/status'
            self._cluster.ask('PATCH', path, {'metadata': {'resourceVersion': item['metadata']['resourceVersion']}, 'status': status}, MERGE)

    def _look(self):
        jobs, deployments, sets, pods = ('/apis/batch/v1', 'jobs'), ('/apis/apps/v1', 'deployments'), ('/apis/apps/v1', 'statefulsets'), ('/api/v1', 'pods')
        for item in self._items(jobs):
            if 'completionTime' not in item['status']:
                self._say(jobs, item, _JOB)
        for item in self._items(deployments):
            available = {'type': 'Available', 'status': 'True', 'reason': 'All', 'message': '', 'lastTransitionTime': _WHEN, 'lastUpdateTime': _WHEN}
            self._say(deployments, item, _rolled_out(item) | {'conditions': [available]})
        wanted = set()
        for item in self._items(sets):
            self._say(sets, item, _rolled_out(item) | {'currentRevision': 'one', 'updateRevision': 'one'})
            wanted |= {f'{item["metadata"]["name"]}-0'} if item['spec']['replicas'] else set()
        there = {item['metadata']['name'] for item in self._items(pods)}
        for name in there - wanted:
            self._cluster.ask('DELETE', f'/api/v1/namespaces/{self._space}/pods/{name}', {'gracePeriodSeconds': 0})
        for name in wanted - there:
            self._cluster.ask('POST', f'/api/v1/namespaces/{self._space}/pods', {
                'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'name': name}, 'spec': {'nodeName': NODE, 'containers': [{
                    'name': 'main', 'image': 'none.invalid/none', 'securityContext': {
                        'runAsNonRoot': True, 'allowPrivilegeEscalation': False, 'capabilities': {'drop': ['ALL']}, 'seccompProfile': {'type': 'RuntimeDefault'}}}]}})
