"""What is in manifests/, for the API server to take: it reads YAML, so nothing here does."""
import contextlib
import pathlib
import re

from cluster import SAFE
from frame.processes import eventually, must, run

MANIFESTS = pathlib.Path(__file__).resolve().parents[3] / 'manifests'
SYSTEM = 'vsecm-system'
RBAC = '/apis/rbac.authorization.k8s.io/v1'
USUAL = {'get', 'create', 'patch', 'update'}  # what safe may do with Secrets, as components/k8s-secrets says


def built(folder):
    """What kubectl makes of a folder of manifests/, as YAML."""
    return must(run(['kubectl', 'kustomize', MANIFESTS / folder])).out


def documents(text):
    """The YAML documents of a text that are objects."""
    return [one for one in re.split(r'^---$', text, flags=re.MULTILINE) if re.search(r'^kind:', one, re.MULTILINE)]


def metadata(document, name):
    """A text of the metadata of a YAML document, in either of the two ways to write it; None if it has none."""
    whole = re.search(r'^metadata:.*(\n  .*)*', document, re.MULTILINE)[0]
    found = re.search(rf'(?<![\w/.-]){name}: ([\w.-]+)', whole)
    return found and found[1]


def path_of(cluster, document):
    """Where an object lives, as the server says of its kind."""
    version = re.search(r'^apiVersion: (\S+)', document, re.MULTILINE)[1]
    kind = re.search(r'^kind: (\S+)', document, re.MULTILINE)[1]
    group = f'/api/{version}' if '/' not in version else f'/apis/{version}'
    known = next(each for each in cluster.ask('GET', group)['resources'] if each['kind'] == kind and '/' not in each['name'])
    inside = f'/namespaces/{metadata(document, "namespace") or SYSTEM}' if known['namespaced'] else ''
    return f'{group}{inside}/{known["name"]}/{metadata(document, "name")}'


def allow(cluster, space, text):
    """Gives a namespace the Roles and RoleBindings of a YAML text."""
    for document in documents(text):
        kind = re.search(r'^kind: (\w+)', document, re.MULTILINE)[1].lower() + 's'
        cluster.apply(f'{RBAC}/namespaces/{space}/{kind}/{metadata(document, "name")}', document)


def add_spaces(cluster, *names):
    """Namespaces in which safe may keep Secrets, as the manifests say."""
    for name in names:
        cluster.add_namespace(name)
        allow(cluster, name, (MANIFESTS / 'components/k8s-secrets/role.yaml').read_text())


@contextlib.contextmanager
def without(cluster, verb, space, role='vsecm-safe-secrets'):
    """Takes that verb from a Role, until the end."""
    path = f'{RBAC}/namespaces/{space}/roles/{role}'
    whole = cluster.ask('GET', path)
    del whole['metadata']['resourceVersion']
    fewer = [rule | {'verbs': [one for one in rule['verbs'] if one != verb]} for rule in whole['rules']]
    cluster.ask('PUT', path, whole | {'rules': [rule for rule in fewer if rule['verbs']]})
    eventually(f'nobody may {verb}', lambda: not may(cluster, verb, space))
    try:
        yield
    finally:
        cluster.ask('PUT', path, whole)
        eventually(f'safe may {verb}', lambda: may(cluster, verb, space))


def may(cluster, verb, space):
    """Whether safe's account may do that with the root key's Secret, if it is there: RBAC learns of a change a moment later."""
    asked = {'apiVersion': 'authorization.k8s.io/v1', 'kind': 'SubjectAccessReview', 'spec': {
        'user': SAFE, 'resourceAttributes': {'namespace': space, 'verb': verb, 'resource': 'secrets', 'name': 'vsecm-root-key'}}}
    return cluster.ask('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', asked)['status']['allowed']
