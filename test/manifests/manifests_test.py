#!/usr/bin/env python3
"""Every folder of manifests/ builds with kubectl, and what comes out keeps the rules of rules.py; each rule is shown to
catch what breaks it. No cluster is needed.

    manifests_test.py VSECM VERSION
"""
import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

import rules

TOP = pathlib.Path(__file__).resolve().parents[2]
MANIFESTS = TOP / 'manifests'
SYSTEMS = ['base', 'overlays/dev', 'overlays/production', 'overlays/migrated', 'overlays/openshift', 'overlays/existing-spire']
# What safe may do at the API server, word for word: src/roles/safe/root_key_secret and src/kube do nothing else.
ROOT_KEY_RIGHTS = [{'apiGroups': [''], 'resources': ['secrets'], 'resourceNames': ['vsecm-root-key'], 'verbs': ['get', 'update']},
                   {'apiGroups': [''], 'resources': ['secrets'], 'verbs': ['create']}]
# Where API servers listen: most, kubeadm, minikube, MicroK8s.
API_PORTS = {443, 6443, 8443, 16443}
MEMORY_PER_CONNECTION = 35_000
SECRETS_RIGHTS = ['get', 'create', 'patch', 'update']
WORKLOAD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: example, labels: {vsecm.com/deliver: sidecar, vsecm.com/wait: secret}}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: example}}
  template:
    metadata: {labels: {app.kubernetes.io/name: example}}
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: main
          image: example.org/app:1
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""



class Facts:
    """What the program says of itself."""

    def __init__(self, vsecm, version):
        self.vsecm, self.version = vsecm, version
        self.roles = set(re.findall(r'^  ([a-z]+) {2,}', self.run('help'), re.MULTILINE))
        self.readers, self.defaults = {}, {}
        for name, default, readers in re.findall(r'^((?:VSECM|SPIFFE)_\w+)\n    .*\n    (?:default (.*)|not set by default); read by (.*?)(?:; new here)?$',
                                                 self.run('help', 'env'), re.MULTILINE):
            self.readers[name] = self.roles if readers == 'every role' else set(readers.split(', '))
            self.defaults[name] = default

    def run(self, *arguments):
        return subprocess.run([self.vsecm, *arguments], check=True, capture_output=True, text=True).stdout


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def row(self, name, faults):
        faults = list(faults)
        self.count += 1
        self.failed += bool(faults)
        print(f'{"not ok" if faults else "ok"} {self.count} - {name}')
        for fault in faults:
            print(f'# {fault}')


def build(folder):
    """The objects `kubectl kustomize` makes of a folder."""
    run = subprocess.run(['kubectl', 'kustomize', str(folder)], capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f'kubectl kustomize {folder}: {run.stderr.strip()}')
    return [thing for thing in yaml.safe_load_all(run.stdout) if thing]


def build_with(text, files):
    """The same of a kustomization of a user's, which lies beside the folders of manifests/ as far as it can see."""
    with tempfile.TemporaryDirectory(dir=TOP / 'build') as folder:
        way = '../../manifests'
        pathlib.Path(folder, 'kustomization.yaml').write_text(text.replace('MANIFESTS', way))
        for name, content in files.items():
            pathlib.Path(folder, name).write_text(content)
        return build(folder)


def named(things, kind, name):
    return next(t for t in things if t['kind'] == kind and t['metadata']['name'] == name)


def identities_agree(things, facts):
    """What the controller manager makes of a template is an ID that safe's patterns take for what it is. Rendered by the
    program's own engine of Go templates."""
    settings = next((t['data'] for t in things if t['kind'] == 'ConfigMap' and t['metadata']['name'].startswith('vsecm-identity')), {})
    value = lambda name: settings.get(name, facts.defaults[name])
    for thing in things:
        if thing['kind'] != 'ClusterSPIFFEID':
            continue
        pods = [t for t in rules.workloads(things) if rules.selects(rules.template(t)['metadata']['labels'], thing['spec']['podSelector'])]
        for pod in pods:
            account = rules.template(pod)['spec']['serviceAccountName']
            data = {'TrustDomain': value('SPIFFE_TRUST_DOMAIN'), 'PodMeta': {'Namespace': rules.namespace(pod), 'Name': 'some-pod-0'},
                    'PodSpec': {'ServiceAccountName': account}}
            made = facts.run('sentinel', 'render', '-t', thing['spec']['spiffeIDTemplate'], '-s', json.dumps(data))
            role = thing['metadata']['name'].removeprefix('vsecm-').upper()
            wanted = [name for name in ('VSECM_SPIFFEID_PREFIX_' + role, 'VSECM_SPIFFEID_PREFIX_WORKLOAD') if name in facts.defaults]
            for name in wanted:
                if not re.search(value(name), made):
                    yield f'{made} is not what {name} says: {value(name)}'
            found = re.search(value('VSECM_WORKLOAD_NAME_REGEXP'), made)
            if not found or found.group(1) != thing['metadata']['name']:
                yield f'{made}: the workload of VSECM_WORKLOAD_NAME_REGEXP is not {thing["metadata"]["name"]}'
            if set(thing['spec']['workloadSelectorTemplates']) != {f'k8s:ns:{rules.namespace(pod)}', f'k8s:sa:{account}'}:
                yield f'{rules.title(thing)} is not bound to the namespace and the account of {rules.title(pod)}'
        if not pods:
            yield f'{rules.title(thing)} is for no pod'


def as_the_original(things):
    """Names, ports and paths a cluster of the original is used to."""
    for kind, name in [('Service', 'vsecm-safe'), ('StatefulSet', 'vsecm-safe'), ('Deployment', 'vsecm-sentinel'), ('Deployment', 'vsecm-keystone'),
                       *[(k, 'vsecm-' + r) for k in ('ServiceAccount', 'ClusterSPIFFEID') for r in ('safe', 'sentinel', 'keystone')]]:
        if not any(t['kind'] == kind and t['metadata']['name'] == name for t in things):
            yield f'there is no {kind} {name}'
    safe = named(things, 'StatefulSet', 'vsecm-safe')
    main = rules.containers(safe)[0]
    if {p['containerPort'] for p in main['ports']} != {8443, 8081, 8082} or named(things, 'Service', 'vsecm-safe')['spec']['ports'][0]['port'] != 8443:
        yield 'ports'
    if {m['name']: m['mountPath'] for m in main['volumeMounts']} != {'vsecm-data': '/var/local/vsecm/data', 'vsecm-root-key': '/key',
                                                                     'spire-agent-socket': '/spire-agent-socket'}:
        yield 'mounts'
    if safe['spec']['selector']['matchLabels'] != {'app.kubernetes.io/' + k: v for k, v in
                                                   {'name': 'vsecm-safe', 'instance': 'vsecm', 'part-of': 'vsecm-system'}.items()}:
        yield 'a selector may not change, so it must be the original\'s'


def rights(things):
    roles = [t for t in things if t['kind'] in ('Role', 'ClusterRole')]
    if [(t['kind'], t['rules']) for t in roles] != [('Role', ROOT_KEY_RIGHTS)]:
        yield f'{[(rules.title(t), t["rules"]) for t in roles]}'
    for binding in (t for t in things if t['kind'].endswith('RoleBinding')):
        if binding['subjects'] != [{'kind': 'ServiceAccount', 'name': 'vsecm-safe', 'namespace': 'vsecm-system'}]:
            yield f'{rules.title(binding)}: {binding["subjects"]}'


def reaches_the_api(things):
    """A policy sees the port at which the API server listens, not that of its Service."""
    ports = {port['port'] for policy, rule in rules.network_policies(things, 'egress') for port in rule['ports']
             if policy['metadata']['name'] == 'vsecm-safe' and not rule.get('to')}
    if not API_PORTS <= ports:
        yield f'{sorted(API_PORTS - ports)}'


def memory_is_enough(things, facts):
    """As many connections as safe lets in, and as much again for what it keeps."""
    limit = rules.containers(named(things, 'StatefulSet', 'vsecm-safe'))[0]['resources']['limits']['memory']
    needed = 2 * int(facts.defaults['VSECM_SAFE_MAX_CONNECTIONS']) * MEMORY_PER_CONNECTION
    if int(limit.removesuffix('Mi')) << 20 < needed:
        yield f'{limit}, where connections may take {needed // 2} bytes'


def lets_everybody_in(things, base):
    """What the original let read, safe lets read: whoever could reach it, and whatever namespace a secret is said to be for."""
    admitted = [[rule['from'] for policy, rule in rules.network_policies(each, 'ingress') if policy['metadata']['name'] == 'vsecm-safe'] for each in (things, base)]
    if admitted[0] != admitted[1]:
        yield f'safe is reached by {admitted[0]} only'
    for variable in rules.containers(named(things, 'StatefulSet', 'vsecm-safe'))[0]['env']:
        if variable['name'] == 'VSECM_SAFE_NAMESPACE_ISOLATION':
            yield f'{variable}'


def of_the_migration():
    """The overlay that step 4 of docs/migrate.md applies first."""
    page = (TOP / 'docs/migrate.md').read_text()
    return re.search(r'overlays/[\w-]+', page[page.index('kubectl apply -k ../vsecm/manifests/overlays'):])[0]


def of_the_readme():
    """The kustomization that manifests/README.md shows."""
    text = re.search(r'^```yaml\n(.*?)^```$', (MANIFESTS / 'README.md').read_text(), re.MULTILINE | re.DOTALL)[1]
    return text.replace('vsecm/manifests', 'MANIFESTS')


def is_that_cluster(things):
    """What the kustomization of manifests/README.md brings together is there: production, OpenShift, another SPIRE, another registry."""
    pod = safe_pod(things)
    main = pod['containers'][0]
    variables = {v['name']: v['value'] for v in main['env']}
    if set(pod['securityContext']) & {'runAsUser', 'runAsGroup', 'fsGroup'} or variables.get('VSECM_SAFE_NAMESPACE_ISOLATION') != 'enforce' or \
            not main['image'].startswith('registry.example.org/') or main['envFrom'][0]['configMapRef']['name'] == 'vsecm-identity' or \
            named(things, 'ClusterSPIFFEID', 'vsecm-safe')['spec']['className'] == 'vsecm':
        yield f'{pod}'


def sidecars_are_scraped(workload, monitors):
    """The PodMonitor finds the sidecar that a component adds, at a port where it answers /metrics."""
    spec = named(monitors, 'PodMonitor', 'vsecm-sidecars')['spec']
    if not rules.selects(rules.template(workload)['metadata']['labels'], spec['selector']) or spec['namespaceSelector'] != {'any': True}:
        yield 'its pods are not selected'
    port = spec['podMetricsEndpoints'][0]['port']
    for c in filter(rules.ours, rules.containers(workload)):
        known = {p['name']: f':{p["containerPort"]}' for p in c.get('ports', [])}
        if {'name': 'VSECM_SIDECAR_PROBE_PORT', 'value': known.get(port)} not in c['env']:
            yield f'{c["name"]} has no port {port}, or does not answer there'


def are_those_tested(things):
    """What runs is, of each program that test/peers builds, the version that it builds."""
    peers = dict(line.split() for line in (TOP / 'test/peers/versions').read_text().splitlines() if line[:1] not in ('', '#'))
    pins = {'ghcr.io/spiffe/spire-server': peers['spire'], 'ghcr.io/spiffe/spire-agent': peers['spire'],
            'ghcr.io/spiffe/spire-controller-manager': peers['spire-controller-manager']}
    images = [c['image'].split(':') for thing in rules.workloads(things) for c in rules.containers(thing)]
    for name, pin in pins.items():
        if [tag for image, tag in images if image == name] != [pin.removeprefix('v')]:
            yield f'{name} {images}: {pin} is tested'


def spoil(things, change):
    things = copy.deepcopy(things)
    change(things)
    return things


def safe_pod(things):
    return rules.template(named(things, 'StatefulSet', 'vsecm-safe'))['spec']


# What a rule is there to catch.
FAULTS = [
    (rules.names_are_unique, lambda t: t.append(t[-1])),
    (rules.everything_has_its_namespace, lambda t: named(t, 'Service', 'vsecm-safe')['metadata'].pop('namespace')),
    (rules.no_secret_is_shipped, lambda t: t.append({'kind': 'Secret', 'metadata': {'name': 'vsecm-root-key', 'namespace': 'vsecm-system'}})),
    (rules.pods_are_restricted, lambda t: safe_pod(t)['securityContext'].update(runAsNonRoot=False)),
    (rules.pods_are_restricted, lambda t: safe_pod(t)['securityContext'].pop('seccompProfile')),
    (rules.pods_are_restricted, lambda t: safe_pod(t)['containers'][0]['securityContext'].pop('capabilities')),
    (rules.pods_are_restricted, lambda t: safe_pod(t)['containers'][0]['securityContext'].update(readOnlyRootFilesystem=False)),
    (rules.pods_are_restricted, lambda t: safe_pod(t)['containers'][0]['securityContext'].pop('allowPrivilegeEscalation')),
    (rules.pods_are_restricted, lambda t: safe_pod(t)['volumes'].append({'name': 'x', 'hostPath': {'path': '/'}})),
    (rules.tokens_only_where_used, lambda t: rules.template(named(t, 'Deployment', 'vsecm-sentinel'))['spec'].pop('automountServiceAccountToken')),
    (rules.tokens_only_where_used, lambda t: named(t, 'ServiceAccount', 'vsecm-safe').pop('automountServiceAccountToken')),
    (rules.images_are_pinned, lambda t: safe_pod(t)['containers'][0].update(image='vsecm/vsecm:latest')),
    (rules.images_are_pinned, lambda t: safe_pod(t)['containers'][0].update(image='vsecm/vsecm:0.0.9')),
    (rules.selectors_match, lambda t: named(t, 'Service', 'vsecm-safe')['spec']['selector'].update(a='b')),
    (rules.selectors_match, lambda t: named(t, 'ClusterSPIFFEID', 'vsecm-safe')['spec']['podSelector']['matchLabels'].update(a='b')),
    (rules.selectors_match, lambda t: named(t, 'StatefulSet', 'vsecm-safe')['spec']['volumeClaimTemplates'][0]['metadata'].update(
        labels={'app.kubernetes.io/version': '1'})),
    (rules.ports_are_there, lambda t: safe_pod(t)['containers'][0]['readinessProbe']['httpGet'].update(port='other')),
    (rules.volumes_are_there, lambda t: safe_pod(t)['containers'][0]['volumeMounts'].append({'name': 'y'})),
    (rules.volumes_are_there, lambda t: safe_pod(t)['volumes'][0]['csi'].pop('readOnly')),
    (rules.variables_are_read, lambda t: safe_pod(t)['containers'][0]['env'].append({'name': 'VSECM_SIDECAR_WAIT'})),
    (rules.variables_are_read, lambda t: safe_pod(t)['containers'][0]['env'].append({'name': 'VSECM_SAFE_DATA_PAHT'})),
    (rules.variables_are_read, lambda t: safe_pod(t)['containers'][0].update(args=['saef'])),
    (rules.critical_pods_have_a_quota, lambda t: t.remove(named(t, 'ResourceQuota', 'vsecm-critical-pods'))),
    (rules.broken_pods_are_replaced, lambda t: named(t, 'StatefulSet', 'vsecm-safe')['spec'].pop('podManagementPolicy')),
    (rules.names_can_be_asked, lambda t: named(t, 'NetworkPolicy', 'vsecm-clients')['spec']['egress'][1].update(to=[{'namespaceSelector': {}}])),
    (rules.trust_domain_can_be_told, lambda t: safe_pod(t)['containers'][0].pop('envFrom')),
    (rules.labels_are_complete, lambda t: named(t, 'Role', 'vsecm-safe-root-key')['metadata']['labels'].pop('app.kubernetes.io/version')),
]


def main():
    facts = Facts(sys.argv[1], sys.argv[2])
    tap = Tap()
    tap.row('the program tells its variables and roles', [] if len(facts.readers) > 60 and len(facts.roles) > 8 else [facts.readers, facts.roles])
    built = {name: build(MANIFESTS / name) for name in SYSTEMS + ['spire']}
    built['the one of the README'] = build_with(of_the_readme(), {})
    for name in built:
        tap.row(f'{name}: keeps the rules', [fault for rule in rules.RULES for fault in rule(built[name], facts)])
    for name in sorted(set(built) - {'spire'}):
        tap.row(f'{name}: names, ports and paths of the original', as_the_original(built[name]))
        tap.row(f'Q46: {name}: exactly the rights that are used', rights(built[name]))
        tap.row(f'Q62: {name}: identities are what safe takes them for', identities_agree(built[name], facts))
    for name in SYSTEMS:
        tap.row(f'{name}: safe reaches API servers', reaches_the_api(built[name]))
    tap.row('overlays/production: memory for as many connections as safe takes', memory_is_enough(built['overlays/production'], facts))
    tap.row('docs/migrate.md, step 4: cuts nobody off', lets_everybody_in(built[of_the_migration()], built['base']))
    tap.row('manifests/README.md: its kustomization is all that at once', is_that_cluster(built['the one of the README']))
    kinds = {t['spec']['names']['kind'] for t in built['spire'] if t['kind'] == 'CustomResourceDefinition'}
    tap.row('spire: nothing of the kinds that it defines itself', kinds & {t['kind'] for t in built['spire']})
    tap.row('spire: the versions that are tested', are_those_tested(built['spire']))
    for rule, change in FAULTS:
        tap.row(f'{rule.__name__} catches what breaks it', [] if list(rule(spoil(built['base'], change), facts)) else ['it did not'])

    given = {'k8s-secrets': SECRETS_RIGHTS, 'k8s-secrets-delete': SECRETS_RIGHTS + ['delete']}
    for name, verbs in given.items():
        things = build_with(f'namespace: team-a\nresources: [MANIFESTS/components/{name}]', {})
        role, binding = named(things, 'Role', 'vsecm-safe-secrets'), named(things, 'RoleBinding', 'vsecm-safe-secrets')
        right = role['rules'] == [{'apiGroups': [''], 'resources': ['secrets'], 'verbs': verbs}] and rules.namespace(role) == rules.namespace(binding) == 'team-a'
        right = right and binding['subjects'] == [{'kind': 'ServiceAccount', 'name': 'vsecm-safe', 'namespace': 'vsecm-system'}]
        tap.row(f'{name}: for one namespace', [] if right and len(things) == 2 else [things])
    monitors = build_with('resources: [MANIFESTS/overlays/production]\ncomponents: [MANIFESTS/components/servicemonitor]', {})
    tap.row('servicemonitor: joins a system', [fault for rule in rules.RULES for fault in rule(monitors, facts)])
    for name in ('sidecar', 'sidecar-classic', 'sidecar-once', 'init'):
        workload = WORKLOAD.replace('deliver: sidecar', 'deliver: once') if name == 'sidecar-once' else WORKLOAD
        things = build_with(f'namespace: team-a\nresources: [workload.yaml]\ncomponents: [MANIFESTS/components/{name}]', {'workload.yaml': workload})
        faults = [fault for rule in rules.RULES for fault in rule(things, facts)]
        pod = rules.template(things[0])['spec']
        added = [c for c in rules.containers(things[0]) if rules.ours(c)]
        native = [c for c in pod.get('initContainers', []) if c.get('restartPolicy') == 'Always']
        if len(added) != 1 or len(native) != (name == 'sidecar'):
            faults.append(f'{len(added)} containers were added, {len(native)} of them native sidecars')
        if name != 'init' and not any(m['mountPath'] == '/opt/vsecm' for c in pod['containers'] if c['name'] == 'main' for m in c.get('volumeMounts', [])):
            faults.append('main does not see the file')
        if name in ('sidecar', 'sidecar-classic'):
            faults += sidecars_are_scraped(things[0], monitors)
            if not any('/readyz' in str(added[0].get(probe)) for probe in ('startupProbe', 'readinessProbe')):
                faults.append('a pod without its secret is Ready')
        tap.row(f'{name}: joins a workload', faults)
    print(f'1..{tap.count}')
    return 1 if tap.failed else 0


if __name__ == '__main__':
    sys.exit(main())
