"""kubectl applies every folder of manifests/ and of examples/ to a cluster that has nothing yet, as their users do."""
import contextlib
import json
import re

import definitions
from cluster import SAFE, Refused
from frame import tap
from frame.processes import eventually
from manifests import MANIFESTS, SYSTEM, built, documents, metadata, path_of

SYSTEMS = ['base', 'overlays/dev', 'overlays/production', 'overlays/migrated', 'overlays/openshift', 'overlays/existing-spire']
EXAMPLES = MANIFESTS.parent / 'examples'
KINDS = {'Deployment': 'apps/v1', 'StatefulSet': 'apps/v1', 'DaemonSet': 'apps/v1', 'Job': 'batch/v1'}
# The components for workloads: the label they look for, and the kinds they are not for.
JOINING = {'sidecar': ('vsecm.com/deliver: sidecar', ()), 'sidecar-classic': ('vsecm.com/deliver: sidecar', ('Job',)),
           'sidecar-once': ('vsecm.com/deliver: once', ()), 'init': ('vsecm.com/wait: secret', ())}
STAYS = ('kind: Namespace', 'kind: CustomResourceDefinition')


def pods(cluster, space):
    """The Pod that a controller would make of each workload in a namespace."""
    for group, kind in (('apps', 'statefulsets'), ('apps', 'deployments'), ('apps', 'daemonsets'), ('batch', 'jobs'), ('batch', 'cronjobs')):
        for item in cluster.ask('GET', f'/apis/{group}/v1/namespaces/{space}/{kind}')['items']:
            spec = item['spec']['jobTemplate']['spec'] if kind == 'cronjobs' else item['spec']
            name, template = item['metadata']['name'], spec['template']
            claims = [claim['metadata']['name'] for claim in spec.get('volumeClaimTemplates', [])]
            volumes = [{'name': claim, 'persistentVolumeClaim': {'claimName': f'{claim}-{name}-0'}} for claim in claims]
            yield {'apiVersion': 'v1', 'kind': 'Pod', 'metadata': template['metadata'] | {'name': name},
                   'spec': template['spec'] | {'volumes': template['spec'].get('volumes', []) + volumes}}


def pods_are_admitted(cluster, space, at_least):
    """The API server takes the Pods of a namespace: what its profile forbids it refuses."""
    found = list(pods(cluster, space))
    tap.same(len(found) >= at_least, True, f'{space}: {[pod["metadata"]["name"] for pod in found]}')
    for pod in found:
        cluster.ask('POST', f'/api/v1/namespaces/{space}/pods?dryRun=All&fieldValidation=Strict', pod)


def apply(kubectl, *words):
    """Applied without a warning, and then there is nothing left to change: the server has every field as it was meant."""
    said = kubectl('apply', *words)
    tap.same('Warning' in said, False, said)
    tap.same(kubectl('diff', *words), '')


@contextlib.contextmanager
def removed_after(cluster, text):
    """In the end everything of it goes but namespaces and definitions: no controller would finish those."""
    try:
        yield
    finally:
        for document in documents(text):
            with contextlib.suppress(Refused):  # what was not made, because the case failed
                if not any(kind in document for kind in STAYS):
                    cluster.ask('DELETE', path_of(cluster, document), {'propagationPolicy': 'Background'})


@contextlib.contextmanager
def restricted(cluster, space):
    """A namespace for workloads that takes pods of the strictest profile only."""
    path = f'/api/v1/namespaces/{space}'
    label = 'pod-security.kubernetes.io/enforce'
    cluster.apply(path, {'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': space, 'labels': {label: 'restricted'}}})
    yield
    cluster.ask('PATCH', path, {'metadata': {'labels': {label: None}}}, 'application/merge-patch+json')


def spire(cluster, kubectl):
    with tap.case('spire: kubectl apply, and what it defines is there to be used'):
        apply(kubectl, '-k', MANIFESTS / 'spire')
        kubectl('wait', '--for=condition=Established', 'crd/clusterspiffeids.spire.spiffe.io')
        pods_are_admitted(cluster, 'spire-server', 1)
        pods_are_admitted(cluster, 'spire-system', 2)


def a_wrong_identity(cluster):
    with tap.case('what is wrong in a ClusterSPIFFEID is not accepted'):
        wrong = documents((MANIFESTS / 'base/identities.yaml').read_text())[0].replace('spiffeIDTemplate:', 'spiffeIdTemplate:')
        try:
            cluster.apply(path_of(cluster, wrong), wrong)
        except Refused as refused:
            tap.contains(str(refused), 'spiffeIdTemplate')
        else:
            raise AssertionError('it was taken')


def systems(cluster, kubectl):
    for folder in SYSTEMS:
        applied = f'{folder}: kubectl apply, nothing left to change, and each of its pods is admitted as restricted'
        with tap.case(applied), removed_after(cluster, built(folder)):
            apply(kubectl, '-k', MANIFESTS / folder)
            tap.same(cluster.ask('GET', f'/api/v1/namespaces/{SYSTEM}')['metadata']['labels']['pod-security.kubernetes.io/enforce'], 'restricted')
            pods_are_admitted(cluster, SYSTEM, 3)
            listed = cluster.ask('GET', '/apis/spire.spiffe.io/v1alpha1/clusterspiffeids')['items']
            tap.same({item['metadata']['name'] for item in listed}, {'vsecm-safe', 'vsecm-sentinel', 'vsecm-keystone'})


def of_the_readme(cluster, kubectl, folder):
    """The kustomization that manifests/README.md shows: components on an overlay."""
    with tap.case('manifests/README.md: kubectl apply of its kustomization, nothing left to change'):
        text = re.search(r'^```yaml\n(.*?)^```$', (MANIFESTS / 'README.md').read_text(), re.MULTILINE | re.DOTALL)[1]
        yours = folder / 'yours'
        yours.mkdir()
        (yours / 'vsecm').symlink_to(MANIFESTS.parent)
        (yours / 'kustomization.yaml').write_text(text)
        with removed_after(cluster, kubectl('kustomize', yours)):
            apply(kubectl, '-k', yours)
            pods_are_admitted(cluster, SYSTEM, 3)


def others(cluster, kubectl, folder, known):
    """What needs the definitions of other projects."""
    wanted = {('ServiceMonitor', 'PodMonitor'): 'servicemonitor joins a system, and the definitions of the Prometheus operator take it',
              ('ExternalSecret',): 'examples/external-secrets: the definitions of External Secrets Operator take it'}
    here = {kinds[0] for kinds in wanted if all(kind in known for kind in kinds)}
    for kinds, name in wanted.items():
        if kinds[0] not in here:
            tap.skip(name, f'the definitions of {", ".join(kinds)} could not be had')
    if 'ServiceMonitor' in here:
        with tap.case(wanted['ServiceMonitor', 'PodMonitor']):
            joined = folder / 'joined'
            joined.mkdir()
            (joined / 'kustomization.yaml').write_text('resources: [../manifests/overlays/production]\ncomponents: [../manifests/components/servicemonitor]\n')
            with removed_after(cluster, kubectl('kustomize', joined)):
                apply(kubectl, '-k', joined)
    if 'ExternalSecret' in here:
        with tap.case(wanted['ExternalSecret',]):
            for name in ('source', 'target'):
                apply(kubectl, '-f', EXAMPLES / f'external-secrets/{name}.yaml')


def workloads(cluster, kubectl):
    with tap.case('k8s-secrets and k8s-secrets-delete: for the namespace that is told'):
        kubectl('create', 'namespace', 'team-a', '--save-config')
        for name, may in (('k8s-secrets', False), ('k8s-secrets-delete', True)):
            apply(kubectl, '-n', 'team-a', '-k', MANIFESTS / f'components/{name}')
            review = {'apiVersion': 'authorization.k8s.io/v1', 'kind': 'SubjectAccessReview', 'spec': {
                'user': SAFE, 'resourceAttributes': {'namespace': 'team-a', 'verb': 'delete', 'resource': 'secrets'}}}
            path = '/apis/authorization.k8s.io/v1/subjectaccessreviews'
            eventually(f'may delete: {may}', lambda: cluster.ask('POST', path, review)['status']['allowed'] == may)
    examples = sorted(path.parent for path in EXAMPLES.glob('*/kustomization.yaml'))
    with restricted(cluster, 'default'):
        for folder in examples:
            applied = f'examples/{folder.name}: kubectl apply, nothing left to change, and its pods are admitted as restricted'
            with tap.case(applied), removed_after(cluster, kubectl('kustomize', folder)):
                apply(kubectl, '-k', folder)
                pods_are_admitted(cluster, 'default', 1)


def workload(kind, label):
    """A small one of that kind, whose name is the kind's."""
    name, labels = kind.lower(), dict([label.split(': ')])
    restricted_container = {'name': 'main', 'image': 'example.org/app:1', 'securityContext': {'allowPrivilegeEscalation': False, 'capabilities': {'drop': ['ALL']}}}
    pod = {'securityContext': {'runAsNonRoot': True, 'runAsUser': 1000, 'seccompProfile': {'type': 'RuntimeDefault'}}, 'containers': [restricted_container]}
    spec = {'template': {'metadata': {'labels': {'app': name}}, 'spec': pod}}
    if kind == 'Job':
        pod['restartPolicy'] = 'Never'
    else:
        spec['selector'] = {'matchLabels': {'app': name}}
    return {'apiVersion': KINDS[kind], 'kind': kind, 'metadata': {'name': name, 'labels': labels}, 'spec': spec}


def components(cluster, kubectl, folder):
    """What joins a workload joins every kind of it."""
    for name, (label, never) in JOINING.items():
        text = ''.join(f'{json.dumps(workload(kind, label))}\n---\n' for kind in KINDS)
        wanted = {kind.lower() for kind in KINDS if kind not in never}
        mine = folder / name
        mine.mkdir()
        (mine / 'workloads.yaml').write_text(text)
        (mine / 'kustomization.yaml').write_text(f'namespace: default\nresources: [workloads.yaml]\ncomponents: [../manifests/components/{name}]\n')
        joins = f'components/{name}: joins {", ".join(kind for kind in KINDS if kind not in never)}{"".join(f" and no {kind}" for kind in never)}'
        with restricted(cluster, 'default'), tap.case(f'{joins}; kubectl apply, nothing left to change, admitted as restricted'):
            with removed_after(cluster, kubectl('kustomize', mine)):
                apply(kubectl, '-k', mine)
                pods_are_admitted(cluster, 'default', len(KINDS))
                joined = {pod['metadata']['name'] for pod in pods(cluster, 'default') if 'vsecm/vsecm:' in json.dumps(pod)}
                tap.same(joined, wanted)


def everything(cluster, kubectl, folder, foreign):
    """`foreign` is the folder of other projects' definitions."""
    (folder / 'manifests').symlink_to(MANIFESTS)
    spire(cluster, kubectl)
    definitions.of_the_controller_manager(cluster, kubectl, foreign)
    a_wrong_identity(cluster)
    systems(cluster, kubectl)
    of_the_readme(cluster, kubectl, folder)
    workloads(cluster, kubectl)
    components(cluster, kubectl, folder)
    others(cluster, kubectl, folder, definitions.of_others(kubectl, foreign))
