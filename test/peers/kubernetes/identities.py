"""The real spire-controller-manager over what manifests/ and examples/ apply: with the configuration and the rights of manifests/spire
it makes the entries of a real SPIRE server. No pod runs: each is an object on a node."""
import json
import re

from applying import EXAMPLES, apply, pods, removed_after
from cluster import MERGE
from controllers import NODE
from frame import tap
from frame.processes import Process, eventually, free_port
from frame.spire import Server
from manifests import MANIFESTS, SYSTEM, built

DOMAIN = 'vsecm.com'
MANAGER = 'spire-controller-manager'
WITHOUT_IDENTITY = {'init-example'}


def one(pattern, name):
    """What the pattern finds once in a file of manifests/spire."""
    (found,) = re.findall(pattern, (MANIFESTS / 'spire' / name).read_text())
    return found


class Manager:
    """It runs as its container does, beside a SPIRE server, and asks the API server as that pod's account."""

    def __init__(self, cluster, folder, programs):
        self._cluster, self._folder = cluster, folder
        self.spire = Server(folder / 'spire', DOMAIN, programs)
        text = (MANIFESTS / f'spire/{MANAGER}-config.yaml').read_text()
        for mine, here in (('/spire-server/api.sock', f'{folder}/spire/server.sock'), ('0.0.0.0:8083', f'127.0.0.1:{free_port()}')):
            tap.same(text.count(mine), 1, mine)
            text = text.replace(mine, here)
        (folder / 'manager.yaml').write_text(text)
        account = '/api/v1/namespaces/spire-server/serviceaccounts/spire-server/token'
        asked = {'apiVersion': 'authentication.k8s.io/v1', 'kind': 'TokenRequest', 'spec': {'expirationSeconds': 3600, 'audiences': []}}
        (folder / 'manager.kubeconfig').write_text(json.dumps({
            'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'pod', 'contexts': [{'name': 'pod', 'context': {'cluster': 'this', 'user': 'pod'}}],
            'clusters': [{'name': 'this', 'cluster': {'server': f'https://127.0.0.1:{cluster.port}', 'certificate-authority': str(cluster.ca)}}],
            'users': [{'name': 'pod', 'user': {'token': cluster.ask('POST', account, asked)['status']['token']}}]}))
        variables = dict([one(r'{name: (ENABLE_WEBHOOKS), value: "(\w+)"}', 'server.yaml')])
        self._process = Process([programs / MANAGER, f'--config={folder}/manager.yaml'], folder / 'manager.log',
                                env={'PATH': '/usr/bin:/bin', 'HOME': str(folder), 'KUBECONFIG': str(folder / 'manager.kubeconfig')} | variables)

    def entries(self):
        """(SPIFFE ID, parent, selectors) of each, by paths and texts."""
        if not self._process.running():
            raise ChildProcessError(f'{MANAGER} ended: {self.log()[-3000:]}')
        told = json.loads(self.spire.server('entry', 'show', '-output', 'json'))['entries']
        return {(entry['spiffe_id']['path'], entry['parent_id']['path'], frozenset(f'{each["type"]}:{each["value"]}' for each in entry['selectors']))
                for entry in told}

    def until(self, expected):
        """Until the entries are these and no others."""
        try:
            eventually('the entries are there', lambda: self.entries() == expected, 60)
        except TimeoutError:
            raise AssertionError(f'{sorted(map(str, self.entries() ^ expected))}; {self.log()[-2000:]}') from None

    def log(self):
        return self._process.log()

    def stop(self):
        self._process.stop()
        self.spire.stop()


class Node:
    """A node, and the pods that it is given."""

    def __init__(self, cluster):
        self._cluster = cluster
        self._uid = cluster.ask('POST', '/api/v1/nodes', {'apiVersion': 'v1', 'kind': 'Node', 'metadata': {'name': NODE}})['metadata']['uid']

    def run(self, space, pod):
        """Gives it a Pod; the entry of a workload of that name."""
        body = pod | {'spec': pod['spec'] | {'nodeName': NODE}}
        uid = self._cluster.ask('POST', f'/api/v1/namespaces/{space}/pods', body)['metadata']['uid']
        name, account = pod['metadata']['name'], pod['spec']['serviceAccountName']
        agent = one(r'cluster = "([\w-]+)"', 'agent.conf')
        selectors = frozenset([f'k8s:ns:{space}', f'k8s:sa:{account}', f'k8s:pod-uid:{uid}'])
        return f'/workload/{name}/ns/{space}/sa/{account}/n/{name}', f'/spire/agent/k8s_psat/{agent}/{self._uid}', selectors

    def end(self, space, name):
        self._cluster.ask('DELETE', f'/api/v1/namespaces/{space}/pods/{name}', {'gracePeriodSeconds': 0})


def made(cluster, kubectl, folder, programs):
    """`programs` is the folder with both, if they could be had."""
    system = "spire-controller-manager, with manifests/spire's configuration and rights: the pods of the system get their identities, each its own"
    workloads = 'and those of the examples; not one with the right labels in another namespace, or of another class'
    if not all((programs / name).exists() for name in (MANAGER, 'spire-server')):
        for name in (system, workloads):
            tap.skip(name, f'{MANAGER} or spire-server could not be had')
        return
    folder = folder / 'identities'
    folder.mkdir()
    manager, node = Manager(cluster, folder, programs), Node(cluster)
    with removed_after(cluster, built('base')):
        with tap.case(system):
            apply(kubectl, '-k', MANIFESTS / 'base')
            expected = {node.run(SYSTEM, pod) for pod in pods(cluster, SYSTEM)}
            tap.same(len(expected), 3)
            manager.until(expected)
            tap.same('forbidden' in manager.log(), False, manager.log()[-2000:])
            for pod in list(pods(cluster, SYSTEM)):
                node.end(SYSTEM, pod['metadata']['name'])
            manager.until(set())
    examples = sorted(path.parent for path in EXAMPLES.glob('*/kustomization.yaml'))
    with removed_after(cluster, '---\n'.join(kubectl('kustomize', each) for each in examples)):
        with tap.case(workloads):
            for each in examples:
                apply(kubectl, '-k', each)
            kubectl('create', 'namespace', 'elsewhere')
            expected = set()
            for pod in pods(cluster, 'default'):
                node.run('elsewhere', pod)  # seen before the other
                entry = node.run('default', pod)
                expected |= {entry} if pod['metadata']['name'] not in WITHOUT_IDENTITY else set()
            manager.until(expected)
            cluster.ask('PATCH', '/apis/spire.spiffe.io/v1alpha1/clusterspiffeids/sidecar-example', {'spec': {'className': 'another'}}, MERGE)
            manager.until({entry for entry in expected if '/sidecar-example/' not in entry[0]})
            for pod in list(pods(cluster, 'default')):
                for space in ('default', 'elsewhere'):
                    node.end(space, pod['metadata']['name'])
    manager.stop()
