"""What must be true of any set of Kubernetes objects of ours. Each rule yields a sentence for each thing that breaks it."""
import re

POD_KINDS = {'Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'}
CLUSTER_WIDE = {'Namespace', 'ClusterRole', 'ClusterRoleBinding', 'ClusterSPIFFEID', 'CSIDriver', 'CustomResourceDefinition'}
PRIVILEGED_NAMESPACE = 'spire-system'  # an agent of SPIRE, a CSI driver: what they do takes more
RESTRICTED_VOLUMES = {'configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret'}
LABELS = {'app.kubernetes.io/' + word for word in ('name', 'instance', 'component', 'part-of', 'version', 'managed-by')}
CHANGING_LABELS = {'app.kubernetes.io/version', 'app.kubernetes.io/managed-by'}


def title(thing):
    return f'{thing["kind"]} {thing["metadata"]["name"]}'


def namespace(thing):
    return thing['metadata'].get('namespace', '')


def template(thing):
    """The pod template of a workload."""
    spec = thing['spec']['jobTemplate']['spec'] if thing['kind'] == 'CronJob' else thing['spec']
    return spec['template']


def workloads(things):
    return [t for t in things if t['kind'] in POD_KINDS]


def containers(thing):
    pod = template(thing)['spec']
    return pod.get('initContainers', []) + pod['containers']


def ours(container):
    return container['image'].split(':')[0].split('@')[0].endswith('vsecm/vsecm')


def network_policies(things, direction):
    """(policy, rule) of each rule of the NetworkPolicies for that direction."""
    return [(t, rule) for t in things if t['kind'] == 'NetworkPolicy' for rule in t['spec'].get(direction, [])]


def selects(labels, selector):
    """Whether a label selector of Kubernetes matches these labels."""
    for key, value in selector.get('matchLabels', {}).items():
        if labels.get(key) != value:
            return False
    for each in selector.get('matchExpressions', []):
        if each['operator'] != 'In' or labels.get(each['key']) not in each['values']:
            return False
    return True


def names_are_unique(things, _):
    seen = set()
    for thing in things:
        key = (thing['kind'], namespace(thing), thing['metadata']['name'])
        if key in seen:
            yield f'{title(thing)} is there twice'
        seen.add(key)


def everything_has_its_namespace(things, _):
    for thing in things:
        if bool(namespace(thing)) == (thing['kind'] in CLUSTER_WIDE):
            yield f'{title(thing)}: namespace "{namespace(thing)}"'


def no_secret_is_shipped(things, _):
    for thing in things:
        if thing['kind'] == 'Secret':
            yield f'{title(thing)}: an apply would write over what is in it'


def pods_are_restricted(things, _):
    """The Pod Security Standard `restricted`, and a root file system that is read only on top (Q47)."""
    for thing in workloads(things):
        if namespace(thing) == PRIVILEGED_NAMESPACE:
            continue
        pod = template(thing)['spec']
        outer = pod.get('securityContext', {})
        for word in ('hostNetwork', 'hostPID', 'hostIPC'):
            if pod.get(word):
                yield f'{title(thing)}: {word}'
        for volume in pod.get('volumes', []):
            if not (set(volume) - {'name'}) <= RESTRICTED_VOLUMES:
                yield f'{title(thing)}: volume {volume["name"]} is of a kind that is not allowed'
        for c in containers(thing):
            inner = c.get('securityContext', {})
            where = f'{title(thing)}, container {c["name"]}'
            if not inner.get('runAsNonRoot', outer.get('runAsNonRoot')) or inner.get('runAsUser', outer.get('runAsUser')) == 0:
                yield f'{where} may run as root'
            if inner.get('allowPrivilegeEscalation') is not False or inner.get('privileged'):
                yield f'{where} may gain privileges'
            if inner.get('capabilities', {}) != {'drop': ['ALL']}:
                yield f'{where} keeps capabilities'
            if inner.get('seccompProfile', outer.get('seccompProfile')) != {'type': 'RuntimeDefault'}:
                yield f'{where} has no seccomp profile'
            if ours(c) and inner.get('readOnlyRootFilesystem') is not True:
                yield f'{where} may write to its root file system'
            if any('hostPort' in port for port in c.get('ports', [])):
                yield f'{where} takes a port of the node'


def tokens_only_where_used(things, _):
    for thing in things:
        if thing['kind'] == 'ServiceAccount' and thing.get('automountServiceAccountToken') is not False:
            yield f'{title(thing)} gives its token to every pod'
    for thing in workloads(things):
        wants = template(thing)['spec'].get('automountServiceAccountToken')
        uses_api = thing['metadata']['name'] in ('vsecm-safe', 'spire-server', 'spire-agent')
        if wants is not uses_api:
            yield f'{title(thing)}: automountServiceAccountToken is {wants}'


def images_are_pinned(things, facts):
    for thing in workloads(things):
        for c in containers(thing):
            if not re.search(r'(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$', c['image']):
                yield f'{title(thing)}: image {c["image"]}'
            elif ours(c) and not c['image'].endswith(':' + facts.version):
                yield f'{title(thing)}: image {c["image"]} is not of version {facts.version}'


def selectors_match(things, _):
    pods = [(namespace(t), template(t)['metadata'].get('labels', {})) for t in workloads(things)]
    for thing in workloads(things):
        chosen = thing['spec'].get('selector', {})
        if not selects(template(thing)['metadata'].get('labels', {}), chosen):
            yield f'{title(thing)} does not select its own pods'
        if set(chosen.get('matchLabels', {})) & CHANGING_LABELS:
            yield f'{title(thing)} selects by a label that changes with the version'
        for claim in thing['spec'].get('volumeClaimTemplates', []):
            if set(claim['metadata'].get('labels', {})) & CHANGING_LABELS:
                yield f'{title(thing)}: the claim {claim["metadata"]["name"]} may not change, and has a label that does'
    for thing in things:
        spec = thing.get('spec', {})
        chosen = {'Service': {'matchLabels': spec.get('selector', {})}, 'PodDisruptionBudget': spec.get('selector'),
                  'NetworkPolicy': spec.get('podSelector'), 'ClusterSPIFFEID': spec.get('podSelector')}.get(thing['kind'])
        if chosen is not None and not any(namespace(thing) in ('', where) and selects(labels, chosen) for where, labels in pods):
            yield f'{title(thing)} selects no pod'


def ports_are_there(things, _):
    """Probes ask, and Services lead to, ports that a container has."""
    for thing in workloads(things):
        for c in containers(thing):
            known = {p['name'] for p in c.get('ports', []) if 'name' in p} | {p['containerPort'] for p in c.get('ports', [])}
            for probe in ('livenessProbe', 'readinessProbe', 'startupProbe'):
                port = c.get(probe, {}).get('httpGet', {}).get('port')
                if port is not None and port not in known and not template(thing)['spec'].get('hostNetwork'):
                    yield f'{title(thing)}: {probe} asks port {port}'
    every = {p.get(word) for t in workloads(things) for c in containers(t) for p in c.get('ports', []) for word in ('name', 'containerPort')}
    for thing in things:
        for port in thing['spec']['ports'] if thing['kind'] == 'Service' else []:
            if port.get('targetPort', port['port']) not in every:
                yield f'{title(thing)} leads to port {port.get("targetPort")}'


def volumes_are_there(things, _):
    for thing in workloads(things):
        known = {v['name'] for v in template(thing)['spec'].get('volumes', [])}
        known |= {c['metadata']['name'] for c in thing['spec'].get('volumeClaimTemplates', [])}
        for c in containers(thing):
            for mount in c.get('volumeMounts', []):
                if mount['name'] not in known:
                    yield f'{title(thing)}: {c["name"]} mounts {mount["name"]}, which is not there'
        for volume in template(thing)['spec'].get('volumes', []):
            if 'csi' in volume and volume['csi'] != {'driver': 'csi.spiffe.io', 'readOnly': True}:
                yield f'{title(thing)}: the CSI driver of SPIFFE mounts read only or not at all'


def variables_are_read(things, facts):
    """Each variable set for a container of ours is one its role reads (`vsecm help env`)."""
    maps = {t['metadata']['name']: t.get('data', {}) for t in things if t['kind'] == 'ConfigMap'}
    for thing in workloads(things):
        for c in containers(thing):
            if not ours(c):
                continue
            role = (c.get('args') or ['nothing'])[0]
            if role not in facts.roles:
                yield f'{title(thing)}: "{role}" is no role'
            for name in [e['name'] for e in c.get('env', [])]:
                if role not in facts.readers.get(name, ()):
                    yield f'{title(thing)}: {role} does not read {name}'
            for source in c.get('envFrom', []):
                for name in maps.get(source['configMapRef']['name'], {}):
                    if not facts.readers.get(name):
                        yield f'{title(thing)}: nobody reads {name}'


def labels_are_complete(things, facts):
    for thing in things:
        labels = thing['metadata'].get('labels', {})
        if labels.get('app.kubernetes.io/part-of') == 'vsecm-system' and thing['kind'] != 'Namespace' and not LABELS <= set(labels):
            yield f'{title(thing)} lacks {sorted(LABELS - set(labels))}'
        if labels.get('app.kubernetes.io/part-of') == 'vsecm-system' and labels.get('app.kubernetes.io/version', facts.version) != facts.version:
            yield f'{title(thing)} is of version {labels["app.kubernetes.io/version"]}, this is {facts.version}'


def critical_pods_have_a_quota(things, _):
    """GKE admits pods of the cluster's own priority classes to a namespace only if a quota there speaks of that class."""
    allowed = {(namespace(t), name) for t in things if t['kind'] == 'ResourceQuota'
               for each in t['spec'].get('scopeSelector', {}).get('matchExpressions', []) for name in each.get('values', [])}
    for thing in workloads(things):
        name = template(thing)['spec'].get('priorityClassName', '')
        if name.startswith('system-') and (namespace(thing), name) not in allowed:
            yield f'{title(thing)}: no quota of {namespace(thing)} is for {name}'


def broken_pods_are_replaced(things, _):
    """With OrderedReady, the default, a pod that never becomes ready is waited for, even when its template is mended
    (kubernetes/kubernetes#67250)."""
    for thing in things:
        if thing['kind'] == 'StatefulSet' and thing['spec'].get('podManagementPolicy') != 'Parallel':
            yield f'{title(thing)}: a bad version cannot be taken back'


def names_can_be_asked(things, _):
    """DNS may be a cache on the node, which no selector of pods names."""
    for policy, rule in network_policies(things, 'egress'):
        if rule.get('to') and any(port['port'] == 53 for port in rule.get('ports', [])):
            yield f'{title(policy)}: DNS of some pods only'


def trust_domain_can_be_told(things, _):
    for thing in workloads(things):
        for c in containers(thing):
            maps = [source['configMapRef'] for source in c.get('envFrom', [])]
            has_socket = any(m['name'] == 'spire-agent-socket' for m in c.get('volumeMounts', []))
            if has_socket and not any(m['name'].startswith('vsecm-identity') and m.get('optional') for m in maps):
                yield f'{title(thing)}: {c["name"]} cannot be told another trust domain'


RULES = [names_are_unique, everything_has_its_namespace, no_secret_is_shipped, pods_are_restricted, tokens_only_where_used, images_are_pinned,
         selectors_match, ports_are_there, volumes_are_there, variables_are_read, labels_are_complete, critical_pods_have_a_quota,
         broken_pods_are_replaced, names_can_be_asked, trust_domain_can_be_told]
