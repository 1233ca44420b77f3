"""A real kube-apiserver over Debian's etcd, on loopback: no kubelet, no controllers, nothing that outlives the suite."""
import base64
import json
import ssl
import urllib.error
import urllib.request

from frame.processes import Process, eventually, free_port, must, run

ADMIN = 'the-token-of-the-suite'
SAFE = 'system:serviceaccount:vsecm-system:vsecm-safe'

# What the account of safe asks for, and what it is answered. A line is written before the answer leaves.
AUDIT_POLICY = f'''apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    users: ["{SAFE}"]
  - level: None
'''
JSON, APPLY, MERGE = 'application/json', 'application/apply-patch+yaml', 'application/merge-patch+json'


class Refused(AssertionError):
    """The API server said no: its status, and the Status object."""

    def __init__(self, status, told):
        super().__init__(f'{status}: {told.get("message", told)}')
        self.status, self.told = status, told


class Cluster:
    def __init__(self, folder, apiserver):
        self.folder = folder / 'cluster'
        self.folder.mkdir()
        self._apiserver = apiserver
        self.port = free_port()
        self._etcd_port, peer_port = free_port(), free_port()
        self._key = self.folder / 'accounts.key'
        must(run(['openssl', 'genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', self._key]))
        (self.folder / 'tokens.csv').write_text(f'{ADMIN},suite,1,"system:masters"\n')
        (self.folder / 'audit.yaml').write_text(AUDIT_POLICY)
        (self.folder / 'audit.log').touch()
        here, peers = f'http://127.0.0.1:{self._etcd_port}', f'http://127.0.0.1:{peer_port}'
        self._etcd = Process(['etcd', f'--data-dir={self.folder}/etcd', f'--listen-client-urls={here}', f'--advertise-client-urls={here}',
                              f'--listen-peer-urls={peers}', f'--initial-advertise-peer-urls={peers}', f'--initial-cluster=default={peers}'],
                             self.folder / 'etcd.log')
        self.start()

    def start(self):
        self._server = Process([self._apiserver, f'--etcd-servers=http://127.0.0.1:{self._etcd_port}', '--bind-address=127.0.0.1',
                                f'--secure-port={self.port}', f'--cert-dir={self.folder}/certificates', '--service-cluster-ip-range=10.0.0.0/24',
                                '--allow-privileged=true', '--authorization-mode=RBAC', '--disable-admission-plugins=ServiceAccount',
                                '--service-account-issuer=https://kubernetes.default.svc', f'--service-account-key-file={self._key}',
                                f'--service-account-signing-key-file={self._key}', f'--token-auth-file={self.folder}/tokens.csv',
                                f'--audit-policy-file={self.folder}/audit.yaml', f'--audit-log-path={self.folder}/audit.log'],
                               self.folder / 'apiserver.log')
        eventually('the API server is ready', self._is_ready, 60)

    def _is_ready(self):
        if not self._server.running():
            raise ChildProcessError(f'the API server ended: {self._server.log()[-3000:]}')
        try:
            return self._open('GET', '/readyz').read() == b'ok'
        except OSError:  # refused, or not ready: urllib's errors are OSErrors
            return False

    def end_server(self, kill=False):
        """The API server alone; start() brings it back with all it knew, at the same address."""
        self._server.kill() if kill else self._server.stop()

    def stop(self):
        self.end_server()
        self._etcd.stop()

    # --- asking it, as somebody who may do everything ----------------------------------------------------------------
    @property
    def ca(self):
        return self.folder / 'certificates/apiserver.crt'

    def _open(self, method, path, body=None, content_type=JSON, token=ADMIN):
        request = urllib.request.Request(f'https://127.0.0.1:{self.port}{path}', data=body, method=method,
                                         headers={'Authorization': f'Bearer {token}', 'Content-Type': content_type})
        return urllib.request.urlopen(request, timeout=20, context=ssl.create_default_context(cafile=self.ca))

    def ask(self, method, path, body=None, content_type=JSON, token=ADMIN):
        """The answered object; raises Refused. `body` is text as it is, or an object that becomes JSON."""
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        try:
            with self._open(method, path, text.encode() if text is not None else None, content_type, token) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                raise Refused(refused.code, json.loads(refused.read() or b'{}')) from None

    def apply(self, path, manifest, **parameters):
        """Server-side apply of YAML or an object, every field of it known to the server."""
        options = {'fieldManager': 'suite', 'force': 'true', 'fieldValidation': 'Strict'} | parameters
        query = '&'.join(f'{name}={value}' for name, value in options.items())
        return self.ask('PATCH', f'{path}?{query}', manifest, APPLY)

    def add_namespace(self, name):
        self.apply(f'/api/v1/namespaces/{name}', {'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': name}})

    def secret(self, space, name):
        """The Secret, or None."""
        try:
            return self.ask('GET', f'/api/v1/namespaces/{space}/secrets/{name}')
        except Refused as refused:
            if refused.status != 404:
                raise
            return None

    def until_holds(self, space, name, expected, deadline=30.0):
        """Until the data of that Secret are these; {} is said of one that is not there, too."""
        seen = {}

        def is_so():
            seen['data'] = data(self.secret(space, name))
            return seen['data'] == expected
        try:
            eventually('the data are there', is_so, deadline)
        except TimeoutError:
            raise AssertionError(f'{space}/{name} holds {seen["data"]!r} instead of {expected!r}') from None

    def change(self, space, name, patch):
        """By a merge patch, as somebody at a keyboard would."""
        return self.ask('PATCH', f'/api/v1/namespaces/{space}/secrets/{name}?fieldManager=somebody', patch, MERGE)

    def audited(self):
        """What safe's account has asked so far: (verb, resource, namespace, name or '', status)."""
        for line in (self.folder / 'audit.log').read_text().splitlines():
            event = json.loads(line)
            about = event.get('objectRef', {})
            if event['stage'] == 'ResponseComplete':
                yield (event['verb'], about.get('resource', event['requestURI']), about.get('namespace', ''), about.get('name', ''),
                       event['responseStatus']['code'])


def data(secret):
    """Keys and values of a Secret in the clear; {} of None."""
    return {key: base64.b64decode(value).decode() for key, value in (secret or {}).get('data', {}).items()}


def managers(secret):
    """Who has written it, and how: ('vsecm', 'Apply')."""
    return {(entry['manager'], entry['operation']) for entry in secret['metadata']['managedFields']}
