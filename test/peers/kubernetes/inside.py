"""A real kube-apiserver: what safe makes of `k8s:` names there, its root key in a Secret, and exactly the rights of the manifests.
Runs in the build root.

    inside.py VSECM KUBE_APISERVER

Beside KUBE_APISERVER is what else could be had: definitions/, spire-server, spire-controller-manager.
"""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True
import adversity  # noqa: E402
import applying  # noqa: E402
import identities  # noqa: E402
import moving  # noqa: E402
import names  # noqa: E402
import readmes  # noqa: E402
import waiting  # noqa: E402
from cluster import Cluster, data  # noqa: E402
from frame import tap  # noqa: E402
from frame.local_system import LocalSystem  # noqa: E402
from frame.processes import scratch_folder  # noqa: E402
from kubectl import Kubectl  # noqa: E402
from manifests import MANIFESTS, SYSTEM, allow, without  # noqa: E402
from pod import Account, Safe  # noqa: E402

ROLE = 'vsecm-safe-root-key'


def root_key(cluster, system, account, folder):
    starters = [Safe(system, account, folder, name, VSECM_SAFE_MAX_VALUE='2097152') for name in ('one', 'two')]
    key = {}
    with tap.case('without the right to create no root key is made, and safe says what it may not do'):
        with without(cluster, 'create', SYSTEM, ROLE):
            starters[0].begin()
            starters[0].logs('may not create')
            starters[0].kill()
        tap.same(cluster.secret(SYSTEM, 'vsecm-root-key'), None)
    with tap.case('two safes that start at once make one root key, and both use it'):
        for safe in starters:
            safe.begin()
        for safe in starters:
            safe.wait_until_it_serves()
        secret = cluster.secret(SYSTEM, 'vsecm-root-key')
        key['text'] = data(secret)['KEY_TXT']
        tap.same(key['text'].startswith('AGE-SECRET-KEY-1'), True)
        tap.same(secret['metadata'].get('annotations'), None)
        ids = {re.search(r'root_key=(\w+)', safe.log())[1] for safe in starters}
        tap.same(len(ids), 1, 'keys in use')
        for safe in starters:
            tap.same(key['text'][:30] in safe.log(), False)
        made = [asked for asked in cluster.audited() if asked[:3] == ('create', 'secrets', SYSTEM) and asked[4] == 201]
        tap.same(len(made), 1, 'Secrets made')
        starters[1].stop()
    safe = starters[0]
    with tap.case('without the right to update the root key is not rotated, and that is said'):
        with without(cluster, 'update', SYSTEM, ROLE):
            refused = safe.refused('--rotate-root-key')
            tap.contains(refused, 'may not update')
        tap.same(data(cluster.secret(SYSTEM, 'vsecm-root-key'))['KEY_TXT'], key['text'])
    with tap.case('a rotation replaces the key in the Secret, and a restart finds it'):
        safe.put('app', 'kept', 'default')
        safe.sentinel('--rotate-root-key')
        now = data(cluster.secret(SYSTEM, 'vsecm-root-key'))['KEY_TXT']
        tap.same(now == key['text'], False)
        tap.contains(now, key['text'].split()[0])
        safe.stop()
        safe.start()
        tap.contains(safe.sentinel('-l'), 'app')
    with tap.case('a Secret that lost its key is not given another one over stored data'):
        safe.stop()
        whole = cluster.secret(SYSTEM, 'vsecm-root-key')['data']
        cluster.change(SYSTEM, 'vsecm-root-key', {'data': {'KEY_TXT': 'e30='}})
        safe.begin()
        tap.same(safe.ended(), 1, 'exit status')
        tap.contains(safe.log(), 'holds stored secrets')
        tap.same(data(cluster.secret(SYSTEM, 'vsecm-root-key')), {'KEY_TXT': '{}'})
        cluster.change(SYSTEM, 'vsecm-root-key', {'data': whole})
    with tap.case('without the right to get it safe does not start to serve, and says so'):
        with without(cluster, 'get', SYSTEM, ROLE):
            safe.begin()
            safe.logs('may not get')
            safe.kill()
        safe.start()
    with tap.case('no name becomes the Secret of the root key'):
        tap.contains(safe.refused('-w', 'k8s:vsecm-root-key', '-n', SYSTEM, '-s', '{"KEY_TXT":"mine"}'), 'root key')
    return safe


def secrets(vsecm, apiserver, folder):
    cluster = Cluster(folder, apiserver)
    system = LocalSystem(vsecm, folder, ['billing'])
    cluster.add_namespace(SYSTEM)
    allow(cluster, SYSTEM, (MANIFESTS / 'base/root-key-role.yaml').read_text())
    account = Account(cluster)
    account.bind('safe-0')
    safe = root_key(cluster, system, account, folder)
    names.names(cluster, safe)
    names.rights(cluster, safe)
    adversity.webhooks(cluster, safe, folder)
    adversity.restarts(cluster, safe)
    waiting.init(cluster, system.vsecm, folder)
    readmes.examples(cluster, Kubectl(cluster, folder), safe, system.vsecm, folder)
    with tap.case('safe ends well'):
        safe.stop()
    names.going(cluster, system, account, folder)
    with tap.case('and vsecm dev and the API server do'):
        system.stop()
        cluster.stop()


def objects(apiserver, folder):
    programs = pathlib.Path(apiserver).parent
    cluster = Cluster(folder, apiserver)
    kubectl = Kubectl(cluster, folder)
    applying.everything(cluster, kubectl, folder, programs / 'definitions')
    identities.made(cluster, kubectl, folder, programs)
    moving.move(cluster, kubectl, folder)
    cluster.stop()


def main(vsecm, apiserver):
    with scratch_folder() as folder:
        secrets(vsecm, apiserver, folder)
    with scratch_folder() as folder:
        objects(apiserver, folder)
    tap.finish()


if __name__ == '__main__':
    main(*sys.argv[1:])
