"""`vsecm init --secret` in front of a real server: with no more than the right to get one Secret, and without it."""
from frame import tap
from frame.processes import Process, eventually, must, run
from manifests import RBAC
from pod import Account

SPACE, NAME = 'shop', 'database'


def role(name):
    """A Role and its binding: its account may get one Secret, and nothing else."""
    meta = {'name': name, 'namespace': SPACE}
    return (('roles', {'apiVersion': 'rbac.authorization.k8s.io/v1', 'kind': 'Role', 'metadata': meta,
                       'rules': [{'apiGroups': [''], 'resources': ['secrets'], 'resourceNames': [NAME], 'verbs': ['get']}]}),
            ('rolebindings', {'apiVersion': 'rbac.authorization.k8s.io/v1', 'kind': 'RoleBinding', 'metadata': meta,
                              'roleRef': {'apiGroup': 'rbac.authorization.k8s.io', 'kind': 'Role', 'name': name},
                              'subjects': [{'kind': 'ServiceAccount', 'name': name, 'namespace': SPACE}]}))


class Init:
    """`vsecm init` in a pod of that account."""

    def __init__(self, vsecm, account, folder):
        self._vsecm, self._folder = str(vsecm), folder
        self._environment = account.environment() | {'PATH': '/usr/bin:/bin', 'VSECM_LOG_LEVEL': '4', 'VSECM_INIT_CONTAINER_POLL_INTERVAL': '200'}

    def run(self, *words):
        return run([self._vsecm, 'init', *words], env=self._environment)

    def start(self, name, *words):
        return Process([self._vsecm, 'init', *words], self._folder / f'{name}.log', env=self._environment)


def init(cluster, vsecm, folder):
    cluster.add_namespace(SPACE)
    account = Account(cluster, 'shop-front', SPACE)
    account.bind('shop-front-0')
    init = Init(vsecm, account, folder)
    secret = f'/api/v1/namespaces/{SPACE}/secrets/{NAME}'
    body = {'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': NAME}}
    with tap.case('init --secret without its Role: with --wait exit status 2, and the verb that is missing; without, it waits'):
        for limit in ('0', '1s'):
            done = must(init.run('--secret', NAME, '--wait', limit), 2)
            tap.contains(done.err.splitlines()[-1], f'may not get Secret {SPACE}/{NAME} (403')
        print(f'# {done.err.splitlines()[-1]}')
        waits = init.start('waits', '--secret', f'{SPACE}/{NAME}')
        waits.wait_for('may not get')
    with tap.case('with the right to get that one Secret, which is not there: exit status 6'):
        for kind, thing in role('shop-front'):
            cluster.apply(f'{RBAC}/namespaces/{SPACE}/{kind}/shop-front', thing)
        done = eventually('RBAC has learned of it', lambda: (got := init.run('--secret', NAME, '--wait', '0')).status != 2 and got)
        tap.contains(must(done, 6).err, f'Secret {SPACE}/{NAME} does not exist')
        tap.contains(must(init.run('--secret', NAME, '--wait', '300ms'), 6).err, 'does not exist')
        tap.contains(must(init.run('--secret', 'another', '--wait', '0'), 2).err, f'may not get Secret {SPACE}/another')
    with tap.case('a Secret with nothing in it is waited for'):
        cluster.apply(secret, body)
        tap.contains(must(init.run('--secret', NAME, '--wait', '0'), 6).err, f'Secret {SPACE}/{NAME} is empty')
        again = init.start('again', '--secret', NAME)
        again.wait_for('is empty')
        tap.same((waits.running(), again.running()), (True, True), 'they wait')
    with tap.case('filled, it lets go those who waited, whatever they waited for, and those who come later; the value is in no log'):
        cluster.apply(secret, body | {'stringData': {'password': 'TopSecret'}})
        tap.same((waits.wait(), again.wait()), (0, 0))
        must(init.run('--secret', NAME, '--wait', '0'))
        tap.same('TopSecret' in waits.log() + again.log(), False)
