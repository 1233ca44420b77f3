"""Programs as their manifests run them: in-cluster files, and for safe its root key in a Secret, data in a folder of its own. Only
identities are of `vsecm dev`."""
import json

from frame.processes import Process, eventually, must, run
from manifests import SYSTEM

OURS = {'app.kubernetes.io/operated-by': 'vsecm'}


class Account:
    """A service account, unless told that of safe, and a folder like the one that the kubelet mounts."""

    def __init__(self, cluster, name='vsecm-safe', space=SYSTEM):
        self.cluster, self._name = cluster, name
        self._space = f'/api/v1/namespaces/{space}'
        self._path = f'{self._space}/serviceaccounts/{name}'
        self.folder = cluster.folder / f'account-{name}'
        self.folder.mkdir()
        self.folder.joinpath('namespace').write_text(space)
        self.folder.joinpath('ca.crt').write_text(cluster.ca.read_text())
        cluster.apply(self._path, {'apiVersion': 'v1', 'kind': 'ServiceAccount', 'metadata': {'name': name}})

    def environment(self):
        """How a program of ours finds the API server, and who it is there."""
        return {'KUBERNETES_SERVICE_HOST': '127.0.0.1', 'KUBERNETES_SERVICE_PORT': str(self.cluster.port), 'VSECM_SAFE_K8S_ACCOUNT_PATH': str(self.folder)}

    def token(self, **bound):
        """One of its tokens, in the clear."""
        asked = {'apiVersion': 'authentication.k8s.io/v1', 'kind': 'TokenRequest', 'spec': {'expirationSeconds': 3600, 'audiences': []} | bound}
        return self.cluster.ask('POST', f'{self._path}/token', asked)['status']['token']

    def bind(self, pod):
        """A token that is good as long as that Pod is there, where safe finds it."""
        made = self.cluster.ask('POST', f'{self._space}/pods', {'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'name': pod}, 'spec': {
            'serviceAccountName': self._name, 'containers': [{'name': 'main', 'image': 'none.invalid/none'}]}})
        fresh = self.folder / 'token.new'
        fresh.write_text(self.token(boundObjectRef={'apiVersion': 'v1', 'kind': 'Pod', 'name': pod, 'uid': made['metadata']['uid']}))
        fresh.rename(self.folder / 'token')

    def unbind(self, pod):
        self.cluster.ask('DELETE', f'{self._space}/pods/{pod}', {'gracePeriodSeconds': 0})


class Safe:
    """`vsecm safe`; start() may be called again once it has ended."""

    def __init__(self, system, account, folder, name, **settings):
        self._system, self.account, self._folder, self._name = system, account, folder, name
        self._environment = system.environment('vsecm-safe') | account.environment() | {
            'VSECM_SAFE_DATA_PATH': str(folder / name), 'VSECM_ROOT_KEY_PATH': str(folder / f'{name}.mounted'), 'VSECM_SAFE_ROOT_KEY_STORE': 'k8s', 'VSECM_LOG_LEVEL': '4',
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
    def operator(self):
        """The environment of those who tell it what to do."""
        ports = dict(line.split('=') for line in self._ports.read_text().split())
        return self._system.environment('vsecm-sentinel') | {'VSECM_SAFE_ENDPOINT_URL': f'https://127.0.0.1:{ports["api"]}'}

    def _ask(self, words, stdin=''):
        return run([self._system.vsecm, 'sentinel', *words], env=self.operator(), stdin=stdin)

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
