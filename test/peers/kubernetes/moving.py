"""docs/migrate.md, word by word, from the original's manifests to ours and back. What needs a pod that runs is passed over."""
import re
import textwrap

from cluster import Refused, data
from controllers import NODE, Controllers
from frame import tap
from frame.processes import must, run
from manifests import MANIFESTS, SYSTEM

TOP = MANIFESTS.parent
NOT_HERE = re.compile(r'^(helm |kubectl .* exec |mkdir move)')
KEY = 'AGE-SECRET-KEY-1X\nage1x\n00'  # as the original has it after its first start: nothing of it is used


class Walk:
    """The blocks of the page, each run by a shell in the folder that the page tells to make."""

    def __init__(self, kubectl, folder):
        self._environment = kubectl.environment
        self._folder = folder / 'move'
        self._folder.mkdir()
        (folder / 'vsecm').symlink_to(TOP)
        self._page = (TOP / 'docs/migrate.md').read_text()
        (self._folder / 'original.yaml').write_text((TOP / 'test/manifests/original.yaml').read_text())

    def _blocks(self, language, after):
        return re.findall(rf'^```{language}\n(.*?)^```$', self._page[self._page.index(after):], re.MULTILINE | re.DOTALL)

    def kustomization(self, component):
        text = self._blocks('yaml', '## 1. The program')[0]
        tap.contains(text, 'value: NODE}')
        (self._folder / 'kustomization.yaml').write_text(text.replace('value: NODE}', f'value: {NODE}}}').replace('migrate/program', f'migrate/{component}'))

    def follow(self, after, number=0):
        """The block of that number behind those words of the page; its output."""
        lines = textwrap.dedent(self._blocks('sh', after)[number]).splitlines()
        script = '\n'.join(line for line in lines if not NOT_HERE.match(line))
        done = must(run(['bash', '-uc', f'cd "$0"\n{script}', self._folder], env=self._environment, deadline=300))
        tap.same('rror' in done.err, False, done.err)
        return done.out + done.err


def move(cluster, kubectl, folder):
    walk = Walk(kubectl, folder)

    def the(kind, name):
        try:
            return cluster.ask('GET', f'{kind}/{name}')
        except Refused as refused:
            tap.same(refused.status, 404)
            return None

    def safe():
        return the(f'/apis/apps/v1/namespaces/{SYSTEM}/statefulsets', 'vsecm-safe')

    def image():
        return safe()['spec']['template']['spec']['containers'][0]['image']

    def key_is_there():
        tap.same(data(cluster.secret(SYSTEM, 'vsecm-root-key'))['KEY_TXT'], KEY, 'the root key')

    with Controllers(cluster, SYSTEM):
        with tap.case('docs/migrate.md: a cluster of the original, with the root key that its first start made'):
            kubectl('apply', '-f', TOP / 'test/manifests/original.yaml')
            kubectl('-n', SYSTEM, 'patch', 'secret', 'vsecm-root-key', '--type=merge', '-p', '{"stringData":{"KEY_TXT":"%s"}}' % KEY.replace('\n', '\\n'))
            kubectl('-n', SYSTEM, 'wait', '--for=create', 'pod/vsecm-safe-0', '--timeout=60s')
        with tap.case('before: the root key is kept elsewhere'):
            walk.follow('## Before')
            tap.same((folder / 'move/root-key.txt').read_text(), KEY)
        with tap.case('step 1: the program is another, the root key the same'):
            walk.kustomization('program')
            walk.follow('## 1. The program')
            key_is_there()
            tap.same(image(), 'vsecm/vsecm:0.1.0')
            tap.same(safe()['spec']['template']['spec']['nodeName'], NODE)
        with tap.case('step 3: the data go to a claim, and no safe is left'):
            tap.contains(walk.follow('## 3. A volume'), f'the data is on {NODE}')
            tap.same(safe(), None)
            tap.same(the(f'/api/v1/namespaces/{SYSTEM}/persistentvolumeclaims', 'vsecm-data-vsecm-safe-0')['spec']['accessModes'], ['ReadWriteOnce'])
        with tap.case('step 4: the overlay joins what is there, and the rights of the original go'):
            walk.follow('## 4. Rights')
            walk.follow('## 4. Rights', 1)
            key_is_there()
            tap.same([template['metadata']['name'] for template in safe()['spec']['volumeClaimTemplates']], ['vsecm-data'])
            tap.same(the('/apis/rbac.authorization.k8s.io/v1/clusterroles', 'vsecm-secret-readwriter'), None)
            annotations = the(f'/api/v1/namespaces/{SYSTEM}/serviceaccounts', 'vsecm-safe')['metadata'].get('annotations', {})
            tap.same([name for name in annotations if 'mountable' in name], [])
            tap.same(kubectl('diff', '-k', MANIFESTS / 'overlays/migrated'), '')
        with tap.case('and on to production'):
            walk.follow('## 4. Rights', 2)
            tap.same(kubectl('diff', '-k', MANIFESTS / 'overlays/production'), '')
        with tap.case('and back: the original again, with the root key as it is now'):
            walk.kustomization('keep-secrets')
            walk.follow('**Back:** with')
            key_is_there()
            tap.same(image(), 'registry.example.org/vsecm-ist-safe:0.28.1')
            for kinds in (f'/apis/networking.k8s.io/v1/namespaces/{SYSTEM}/networkpolicies', f'/api/v1/namespaces/{SYSTEM}/resourcequotas'):
                tap.same(cluster.ask('GET', kinds)['items'], [])
            tap.same(the('/apis/rbac.authorization.k8s.io/v1/clusterroles', 'vsecm-secret-readwriter') is None, False)
