"""What a cluster does to those who write in it: webhooks that reject, and an API server that restarts."""
import base64
import threading

from cluster import Refused, data
from frame import tap
from frame.processes import eventually
from manifests import add_spaces
from webhook import Webhook


def webhooks(cluster, safe, folder):
    add_spaces(cluster, 'guarded')
    webhook = Webhook(folder)
    path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/no'
    guard = {'apiVersion': 'admissionregistration.k8s.io/v1', 'kind': 'ValidatingWebhookConfiguration', 'metadata': {'name': 'no'}, 'webhooks': [{
        'name': 'no.example.com', 'admissionReviewVersions': ['v1'], 'sideEffects': 'None', 'failurePolicy': 'Fail', 'timeoutSeconds': 5,
        'clientConfig': {'url': webhook.url, 'caBundle': base64.b64encode(webhook.certificate.read_bytes()).decode()},
        'namespaceSelector': {'matchLabels': {'kubernetes.io/metadata.name': 'guarded'}},
        'rules': [{'apiGroups': [''], 'apiVersions': ['v1'], 'resources': ['secrets'], 'operations': ['CREATE', 'UPDATE', 'DELETE']}]}]}
    cluster.apply(path, guard)

    def is_guarded():
        probe = {'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': 'probe'}}
        try:
            cluster.ask('POST', '/api/v1/namespaces/guarded/secrets?dryRun=All', probe)
        except Refused as refused:
            return 'not this one' in str(refused)
        return False
    eventually('the webhook is asked', is_guarded)
    with tap.case('a webhook that rejects is told, without the value that it repeats, and delays nothing else'):
        safe.put('k8s:guarded', 'TopSecret', 'guarded', 'team-a')
        safe.until('k8s:guarded', 'team-a', 'synced')
        safe.until('k8s:guarded', 'guarded', 'failing')
        tap.same(cluster.secret('guarded', 'guarded'), None)
        tap.same('TopSecret' in safe.log() + safe.sentinel('status') + safe.sentinel('status', '--output', 'json'), False)
    with tap.case('a webhook that is gone is a failure of the server, and tried again until it is taken away'):
        webhook.stop()
        safe.until('k8s:guarded', 'guarded', 'failing', '500')
        cluster.ask('DELETE', path)
        safe.until('k8s:guarded', 'guarded', 'synced', deadline=90)
        tap.same(data(cluster.secret('guarded', 'guarded')), {'VALUE': 'TopSecret'})


def restarts(cluster, safe):
    wanted, failures = {}, []
    done = []
    end = threading.Event()

    def write():
        while not end.is_set():
            name, value = f'load{len(done) % 10}', str(len(done))
            try:
                safe.put(f'k8s:{name}', value, 'team-a', 'team-b')
                wanted[name] = value
            except AssertionError as failed:
                failures.append(str(failed))
            done.append(name)
    with tap.case('the API server restarts under load: no write of ours fails, and in the end everything is there'):
        writer = threading.Thread(target=write)
        writer.start()
        try:
            for kill in (False, True):
                before = len(done)
                eventually('some are written', lambda: len(done) > before + 5)
                cluster.end_server(kill)
                safe.put('k8s:meanwhile', f'killed: {kill}', 'team-a')
                safe.until('k8s:meanwhile', 'team-a', 'failing')
                cluster.start()
                safe.until('k8s:meanwhile', 'team-a', 'synced', deadline=120)
        finally:
            end.set()
            writer.join()
        tap.same(failures, [])
        for name, value in wanted.items():
            for space in ('team-a', 'team-b'):
                cluster.until_holds(space, name, {'VALUE': value}, 120)
