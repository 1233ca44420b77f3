"""The READMEs of the examples that are about Secrets, word by word: a real kubectl and API server, and the operator's commands said to
a real safe. Pods are processes: the one init container is run as its Deployment tells."""
import contextlib
import re
import sys

from cluster import Refused, data
from controllers import Controllers
from frame import tap
from frame.processes import Process, eventually, run
from manifests import MANIFESTS
from pod import Account

TOP = MANIFESTS.parent
sys.path.insert(0, str(TOP / 'test/examples'))
from following import every_block, title  # noqa: E402

OPERATOR = re.compile(r'kubectl -n vsecm-system exec (?:-i )?deploy/vsecm-sentinel -- safe\b')
LOOKS = re.compile(r'^kubectl get |-- safe status\b')  # changes nothing, and may come too early


class Reader:
    """Follows one README after the other. What they show of `kubectl rollout status` is its last line."""

    def __init__(self, kubectl, safe, vsecm):
        self._environment = kubectl.environment | safe.operator() | {'PATH': kubectl.environment['PATH']}
        self._operator = f'{vsecm} sentinel'

    def _run(self, commands):
        script = f'cd {TOP}\n{OPERATOR.sub(self._operator, commands)}'
        return run(['bash', '-euo', 'pipefail', '-c', script], env=self._environment, deadline=120)

    def _step(self, commands, expected):
        seen = {}

        def is_so():
            seen['done'] = done = self._run(commands)
            said = ''.join(done.out.splitlines(keepends=True)[-1:]) if 'kubectl rollout status' in commands else done.out
            return done.status == 0 and expected in (None, said, said + '\n')
        if LOOKS.search(commands.splitlines()[-1]):
            try:
                eventually(title(commands), is_so)
                return
            except TimeoutError:
                pass
        elif is_so():
            return
        raise AssertionError(f'{seen["done"]!r} instead of {expected!r}')

    def follow(self, name, before=None):
        """Every block, in order, a case each; those skipped, by name, that need more than a cluster. `before` says by a word in a
        block what is to be done ahead of it, in the same case."""
        for needs, commands, expected in every_block(name):
            case = f'examples/{name}: {title(commands)}'
            if needs not in (None, 'a cluster'):
                tap.skip(case, f'needs {needs}, which is not here')
                continue
            with tap.case(case):
                for word, do in (before or {}).items():
                    if word in commands:
                        do()
                self._step(commands, expected)


class InitContainer:
    """Of the Deployment of examples/init-secret, with what it mounts and nothing more."""

    def __init__(self, cluster, vsecm, folder):
        self._cluster, self._vsecm, self._folder = cluster, vsecm, folder

    def start(self):
        pod = self._cluster.ask('GET', '/apis/apps/v1/namespaces/default/deployments/init-example')['spec']['template']['spec']
        (container,), (main,), (volume,) = pod['initContainers'], pod['containers'], pod['volumes']
        tap.same([mount['mountPath'] for mount in container['volumeMounts']], ['/var/run/secrets/kubernetes.io/serviceaccount'])
        tap.same([kind for source in volume['projected']['sources'] for kind in source], ['serviceAccountToken', 'configMap', 'downwardAPI'])
        tap.same('volumeMounts' in main, False, 'main sees the token')
        self._wanted = {one['valueFrom']['secretKeyRef']['key']: one['valueFrom']['secretKeyRef']['name'] for one in main['env']}
        account = Account(self._cluster, pod['serviceAccountName'], 'default')
        account.bind('init-example-0')
        environment = account.environment() | {'PATH': '/usr/bin:/bin', 'VSECM_INIT_CONTAINER_POLL_INTERVAL': '200'}
        self._process = Process([self._vsecm, *container['args']], self._folder / 'init-example.log', env=environment)
        self._process.wait_for('Secret default/example-db does not exist')

    def has_ended(self):
        """It let `main` go on, whose environment can be made."""
        tap.same(self._process.wait(), 0)
        tap.same(self._wanted, dict.fromkeys(data(self._cluster.secret('default', 'example-db')), 'example-db'))


def reader_of_the_operator(cluster):
    """What the store of examples/external-secrets/target.yaml lets the operator do, by a token as it asks for one."""
    token = Account(cluster, 'shop-db-reader', 'vsecm-secrets').token()
    secrets = '/api/v1/namespaces/vsecm-secrets/secrets'

    def refused(path):
        try:
            cluster.ask('GET', path, token=token)
        except Refused as no:
            return no.status
        return None
    with tap.case('examples/external-secrets: the account of the store gets shop-db, cannot list, and knows no other name'):
        eventually('shop-db is there for it', lambda: refused(f'{secrets}/shop-db') is None)
        tap.same(data(cluster.ask('GET', f'{secrets}/shop-db', token=token)), {'user': 'shop', 'password': 'hunter2'})
        tap.same([refused(path) for path in (secrets, f'{secrets}/another', '/api/v1/namespaces/default/secrets/shop-db')], [403, 403, 403])
        review = {'apiVersion': 'authorization.k8s.io/v1', 'kind': 'SelfSubjectRulesReview', 'spec': {'namespace': 'vsecm-secrets'}}
        rules = cluster.ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', review, token=token)['status']['resourceRules']
        of_secrets = [(rule['verbs'], rule.get('resourceNames')) for rule in rules if 'secrets' in rule['resources']]
        tap.same(of_secrets, [(['get'], ['shop-db'])], 'what the operator learns of its rights')


def examples(cluster, kubectl, safe, vsecm, folder):
    reader = Reader(kubectl, safe, vsecm)
    init = InitContainer(cluster, vsecm, folder)
    with contextlib.ExitStack() as until_the_end:
        def roll_out():
            init.has_ended()
            until_the_end.enter_context(Controllers(cluster, 'default'))
        reader.follow('init-secret', {'-w k8s:example-db': init.start, 'kubectl rollout': roll_out})
    reader.follow('external-secrets')
    reader_of_the_operator(cluster)
