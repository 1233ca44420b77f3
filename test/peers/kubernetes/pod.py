"""A safe as its manifests run it: in-cluster files, root key in its Secret, data in a folder of its own. Only its identity is of
`vsecm dev`."""
import json

from frame.processes import Process, eventually, must, run
from manifests import SYSTEM

OURS = {'app.kubernetes.io/operated-by': 'vsecm'}
ACCOUNT = f'/api/v1/namespaces/{SYSTEM}/serviceaccounts/vsecm-safe'


class Account:
    """The service account of safe, and a folder like the one that the kubelet mounts."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.folder = cluster.folder / 'account'
        self.folder.mkdir()
        self.folder.joinpath('namespace').write_text(SYSTEM)
        self.folder.joinpath('ca.crt').write_text(cluster.ca.read_text())
        cluster.apply(ACCOUNT, {'apiVersion': 'v1', 'kind': 'ServiceAccount', 'metadata': {'name': 'vsecm-safe'}})

    def bind(self, pod):
        """A token that is good as long as that Pod is there, where safe finds it."""
        path = f'/api/v1/namespaces/{SYSTEM}/pods'
        made = self.cluster.ask('POST', path, {'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'name': pod}, 'spec': {
            'serviceAccountName': 'vsecm-safe', 'containers': [{'name': 'main', 'image': 'none.invalid/none'}]}})
        bound = {'apiVersion': 'v1', 'kind': 'Pod', 'name': pod, 'uid': made['metadata']['uid']}
        asked = {'apiVersion': 'authentication.k8s.io/v1', 'kind': 'TokenRequest',
                 'spec': {'expirationSeconds': 3600, 'boundObjectRef': bound, 'audiences': []}}
        token = self.cluster.ask('POST', f'{ACCOUNT}/token', asked)['status']['token']
        fresh = self.folder / 'token.new'
        fresh.write_text(token)
        fresh.rename(self.folder / 'token')

    def unbind(self, pod):
        self.cluster.ask('DELETE', f'/api/v1/namespaces/{SYSTEM}/pods/{pod}', {'gracePeriodSeconds': 0})


class Safe:
    """`vsecm safe`; start() may be called again once it has ended."""

    def __init__(self, system, account, folder, name, **settings):
        self._system, self.account, self._folder, self._name = system, account, folder, name
        self._environment = system.environment('vsecm-safe') | {
            'KUBERNETES_SERVICE_HOST': '127.0.0.1', 'KUBERNETES_SERVICE_PORT': str(account.cluster.port),
            'VSECM_SAFE_K8S_ACCOUNT_PATH': str(account.folder), 'VSECM_SAFE_DATA_PATH': str(folder / name),
            'VSECM_ROOT_KEY_PATH': str(folder / f'{name}.mounted'), 'VSECM_SAFE_ROOT_KEY_STORE': 'k8s', 'VSECM_LOG_LEVEL': '4',
            'VSECM_SAFE_TLS_PORT': '127.0.0.1:0', 'VSECM_PROBE_LIVENESS_PORT': '127.0.0.1:0', 'VSECM_PROBE_READINESS_PORT': '127.0.0.1:0',
            'VSECM_SAFE_PORTS_FILE': str(self._ports), 'VSECM_SAFE_K8S_SYNC_INTERVAL': '1s'} | settings

    @property
    def _ports(self):
        return self._folder / f'{self._name}.ports'

    def begin(self):
        """Starts it and does not wait."""
        self._ports.unlink(missing_ok=True)
        self._process = Process([self._system.vsecm, 'safe'], self._folder / f'{self._name}.log', env=self._environment)

    def start(self):
        self.begin()
        self.wait_until_it_serves()

    def wait_until_it_serves(self):
        def serves():
            if not self._process.running():
                raise ChildProcessError(f'safe ended: {self.log()[-3000:]}')
            return self._ports.exists()
        eventually('safe serves', serves, 60)

    def log(self):
        return self._process.log()

    def ended(self, deadline=60.0):
        """Its exit status, once it gave up."""
        return self._process.wait(deadline)

    def stop(self):
        if status := self._process.stop():
            raise AssertionError(f'safe ended with {status}: {self.log()[-3000:]}')

    def kill(self):
        self._process.kill()

    def logs(self, text):
        """Until its log holds that."""
        self._process.wait_for(text, 60)

    # --- what an operator says and sees --------------------------------------------------------------------------------
    def _ask(self, words, stdin=''):
        ports = dict(line.split('=') for line in self._ports.read_text().split())
        there = {'VSECM_SAFE_ENDPOINT_URL': f'https://127.0.0.1:{ports["api"]}'}
        return run([self._system.vsecm, 'sentinel', *words], env=self._system.environment('vsecm-sentinel') | there, stdin=stdin)

    def sentinel(self, *words, stdin=''):
        """A command that must succeed; its standard output."""
        return must(self._ask(words, stdin)).out

    def refused(self, *words):
        """A command that must fail; its standard error."""
        done = self._ask(words)
        if done.status == 0:
            raise AssertionError(f'it was taken: {words}')
        return done.err

    def put(self, name, value, *spaces, words=()):
        self.sentinel('-w', name, *(word for space in spaces for word in ('-n', space)), '-s', '-', *words, stdin=value)

    def mirrored(self):
        """(name, namespace) -> what status tells about it."""
        told = json.loads(self.sentinel('status', '--output', 'json'))['kubernetes']['secrets']
        return {(entry['name'], entry['namespace']): entry for entry in told}

    def until(self, name, space, state, why='', deadline=30.0):
        """Until that Secret is in this state, with `why` in its reason."""
        seen = {}

        def is_so():
            seen.update(self.mirrored().get((name, space), {}))
            return seen.get('state') == state and why in seen.get('why', '')
        try:
            eventually(f'{name} in {space} is {state} {why}', is_so, deadline)
        except TimeoutError as late:
            raise AssertionError(f'{late}; it is {seen}') from None
