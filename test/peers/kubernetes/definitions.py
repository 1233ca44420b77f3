"""What other projects define, and our folders hold objects of."""
import json

from frame import tap
from frame.processes import eventually
from manifests import documents

OF_SPIRE = 'spire.spiffe.io_*.yaml'


def fields(told, path=''):
    """What a definition says, by path; not its prose, nor what is so of every object, nor which columns `kubectl get` shows."""
    if isinstance(told, dict) and told:
        for name, value in told.items():
            beside = name in ('description', 'additionalPrinterColumns') and not isinstance(value, dict)
            of_every_object = path.endswith('/openAPIV3Schema/properties') and name in ('apiVersion', 'kind', 'metadata')
            if not beside and not of_every_object:
                yield from fields(value, f'{path}/{name}')
    elif isinstance(told, list) and any(isinstance(each, dict) for each in told):
        for i, each in enumerate(told):
            yield from fields(each, f'{path}/{i}')
    else:
        yield path, json.dumps(sorted(told) if isinstance(told, list) else told)


def of_the_controller_manager(cluster, kubectl, foreign):
    """Its own definitions in place of those in manifests/spire, which say the same; what follows is judged by them."""
    same, taken = 'spire: our definitions say, field by field, what those of spire-controller-manager say', 'spire: its own definitions take over'
    theirs = sorted(foreign.glob(OF_SPIRE))
    if len(theirs) != 3:
        for name in (same, taken):
            tap.skip(name, 'the definitions of spire-controller-manager could not be had')
        return

    def told():
        items = cluster.ask('GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions')['items']
        ours = {item['metadata']['name']: item['spec'] for item in items if item['spec']['group'] == 'spire.spiffe.io'}
        return set(fields(ours))
    with tap.case(same):
        before = told()
        for path in theirs:
            kubectl('replace', '-f', path)
        tap.same(sorted(before ^ told()), [])
    with tap.case(taken):
        shown = '/openapi/v3/apis/spire.spiffe.io/v1alpha1'
        eventually('they are served', lambda: 'ClusterSPIFFEID is the Schema' in json.dumps(cluster.ask('GET', shown)))


def of_others(kubectl, folder):
    """The definitions that nobody brought yet of other projects' objects, by the kinds they bring."""
    known = set()
    for path in sorted(set(folder.glob('*.yaml')) - set(folder.glob(OF_SPIRE))):
        kubectl('apply', '--server-side', '-f', path)
        known |= {document.split('\n    kind: ')[1].split('\n')[0] for document in documents(path.read_text())}
    return known
