#!/usr/bin/env python3
"""manifests/migrate as kubectl makes it, and the blocks of docs/migrate.md that carry the data, run by a shell against the
stand-in for kubectl beside this file. Whatever fails, and whatever an earlier try has left: no data is lost, and nobody starts on a
folder that is empty, old or half copied.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

import rules
from manifests_test import MANIFESTS, TOP, Tap, build, build_with, named

HERE = pathlib.Path(__file__).resolve().parent
THERE, TAKEN_BACK, BACK = '## 3. A volume', 'This is the way\nback', '**Back:** with'
JOBS = {THERE: 'vsecm-copy-data', BACK: 'vsecm-copy-data-back'}
# Before a move, and before the way back of one, with the node's old folder moved aside.
STARTS = {THERE: {'safe': {'data': 'host', 'runs': True}, 'host': 'new', 'claim': None},
          BACK: {'safe': {'data': 'claim', 'runs': True}, 'host': '', 'claim': 'new'}}
ENDS = {THERE: {'safe': None, 'host': 'new', 'claim': 'new', 'jobs': {}},
        BACK: {'safe': {'data': 'host', 'runs': True}, 'host': 'new', 'claim': 'new', 'jobs': {}}}


def migration(built, original):
    """The first step of docs/migrate.md changes the program and its privileges, and nothing else."""
    for kind, name, arguments in [('StatefulSet', 'vsecm-safe', ['safe']), ('Deployment', 'vsecm-sentinel', ['sentinel', 'serve']),
                                  ('Deployment', 'vsecm-keystone', ['init']), ('Deployment', 'vsecm-keystone', ['keystone'])]:
        made = next((c for c in rules.containers(named(built, kind, name)) if c.get('args') == arguments), None)
        if made is None or not rules.ours(made):
            yield f'no container of {name} runs {" ".join(arguments)}'
            continue
        was = next(c for c in rules.containers(named(original, kind, name)) if c['name'] == made['name'])
        context = made['securityContext']
        if context['capabilities'] != {'drop': ['ALL']} or context['allowPrivilegeEscalation'] or not context['readOnlyRootFilesystem']:
            yield f'{name}: {context}'
        if (context.get('runAsUser') == 0) != (name == 'vsecm-safe') or (name != 'vsecm-safe') != bool(context.get('runAsNonRoot')):
            yield f'{name}: the user is not what its files are'
        for word in set(was) | set(made):
            if word not in ('image', 'args', 'securityContext') and was.get(word) != made.get(word):
                yield f'{name}: {word} has changed'
    for thing in original:
        kept = [t for t in built if rules.title(t) == rules.title(thing)]
        if len(kept) != (thing['kind'] != 'Secret'):
            yield f'{rules.title(thing)}: {len(kept)} in what is applied'
    for kind, name in [('StatefulSet', 'vsecm-safe'), ('Deployment', 'vsecm-sentinel'), ('Deployment', 'vsecm-keystone')]:
        was, made = named(original, kind, name), named(built, kind, name)
        if any(was['spec'][w] != made['spec'][w] for w in ('selector',)) or rules.template(was)['spec'].get('volumes') != rules.template(made)['spec'].get('volumes'):
            yield f'{name}: selector or volumes have changed'


def copies(there, back):
    """The two Jobs of docs/migrate.md that carry the data, and the claim that manifests/base takes up."""
    jobs = [named(there, 'Job', 'vsecm-copy-data'), named(back, 'Job', 'vsecm-copy-data-back')]
    mounts = [{m['name']: m['mountPath'] for m in rules.containers(job)[0]['volumeMounts']} for job in jobs]
    if mounts != [{'host': '/from', 'claim': '/to'}, {'host': '/to', 'claim': '/from'}]:
        yield f'{mounts}'
    if [rules.containers(job)[0]['env'][0]['value'] for job in jobs] != ['65532:65532', '0:0']:
        yield 'owners'
    folders = [next(v['hostPath']['type'] for v in rules.template(job)['spec']['volumes'] if v['name'] == 'host') for job in jobs]
    if folders != ['Directory', 'DirectoryOrCreate']:
        yield f'{folders}: a node without the data must not look like one with no data in it'
    for job in jobs:
        term, = rules.template(job)['spec']['affinity']['nodeAffinity']['requiredDuringSchedulingIgnoredDuringExecution']['nodeSelectorTerms']
        # With nothing in the place of NODE_OF_SAFE, an API server takes no such list; a nodeSelector would be gone from what it is given.
        if term != {'matchFields': [{'key': 'metadata.name', 'operator': 'In', 'values': ['NODE_OF_SAFE']}]}:
            yield f'{term}: where does it run?'
    if [t['kind'] for t in there + back] != ['PersistentVolumeClaim', 'Job', 'Job']:
        yield 'the claim is made on the way there only'
    claim = there[0]['metadata']['name']
    if claim != 'vsecm-data-vsecm-safe-0' or any(v['persistentVolumeClaim']['claimName'] != claim for job in jobs
                                                 for v in rules.template(job)['spec']['volumes'] if 'persistentVolumeClaim' in v):
        yield f'{claim} is not the claim of vsecm-safe-0'


def copying(job):
    """The script of that Job, on folders of this machine: it copies everything, never nothing, and never into a folder that has something."""
    with tempfile.TemporaryDirectory() as scratch:
        source, target = pathlib.Path(scratch, 'source'), pathlib.Path(scratch, 'target')
        for folder in (source, target):
            (folder / 'lost+found').mkdir(parents=True)
        words = [word.replace('/from', str(source)).replace('/to', str(target)) for word in rules.containers(job)[0]['command']]
        environment = {'PATH': os.environ['PATH'], 'OWNER': f'{os.getuid()}:{os.getgid()}'}

        def status():
            return subprocess.run(words, env=environment, capture_output=True, check=False).returncode

        statuses = [status()]
        (source / 'history').mkdir()
        for name in ('k8s:db.age', '.journal', 'history/app.age.1'):
            (source / name).write_text(name)
        statuses += [status(), status()]
        copied = {p.relative_to(target).as_posix() for p in target.rglob('*') if p.is_file()}
    if statuses != [1, 0, 1] or copied != {'k8s:db.age', '.journal', 'history/app.age.1'}:
        yield f'exit statuses {statuses}, copied {copied}'


def folders(tap):
    text = (HERE / 'original.yaml').read_text()
    original = list(yaml.safe_load_all(text))
    moved = build_with('resources: [original.yaml]\ncomponents: [MANIFESTS/migrate/program]', {'original.yaml': text})
    tap.row('migrate/program: another program on the original\'s manifests', migration(moved, original))
    back = sorted(build_with('resources: [original.yaml]\ncomponents: [MANIFESTS/migrate/keep-secrets]', {'original.yaml': text}), key=rules.title)
    kept = sorted((t for t in original if t['kind'] != 'Secret'), key=rules.title)
    tap.row('migrate/keep-secrets: nothing but the Secrets is left out', [] if back == kept else back)
    there, back = build(MANIFESTS / 'migrate/volume'), build(MANIFESTS / 'migrate/volume-back')
    tap.row('migrate/volume: there and back', copies(there, back))
    tap.row('migrate/volume: copies all, over nothing', copying(named(there, 'Job', 'vsecm-copy-data')))


def block(after, language='sh'):
    page = (TOP / 'docs/migrate.md').read_text()
    return re.search(rf'^```{language}\n(.*?)^```$', page[page.index(after):], re.MULTILINE | re.DOTALL)[1]


class Move:
    """A cluster, and the folder `move` with the kustomization.yaml of step 1, which pins safe to a node."""

    def __init__(self, folder):
        self._place = folder / 'cluster.json'
        self._folder = folder
        (folder / 'bin').mkdir()
        (folder / 'bin/kubectl').symlink_to(HERE / 'kubectl')
        self.pinned_to('node-1')

    def pinned_to(self, node):
        (self._folder / 'kustomization.yaml').write_text(block('## 1. The program', 'yaml').replace('value: NODE', f'value: {node}'))

    def follow(self, after, **changes):
        """The cluster after that block, which ran on one like STARTS with those changes."""
        before = {**STARTS.get(after, {}), 'jobs': {}, 'calls': 0, 'fails': None, 'breaks': False, **changes}
        self._place.write_text(json.dumps(before))
        done = subprocess.run(['bash', '-uc', block(after)], cwd=self._folder, capture_output=True, text=True, check=False, timeout=60,
                              env={'PATH': f'{self._folder}/bin:{os.environ["PATH"]}', 'CLUSTER': str(self._place)})
        if 'stand-in' in done.stderr or 'Traceback' in done.stderr and not before['fails']:
            raise AssertionError(done.stderr)
        return json.loads(self._place.read_text())


def expected(made, wanted):
    return [] if all(made[word] == wanted[word] for word in wanted) else [f'{made}, and not {wanted}']


def nothing_lost(made, after):
    """Of a block that broke off, or refused: the data is where it was, and safe with it, unless the copy was whole."""
    source = 'host' if after == THERE else 'claim'
    target = 'claim' if after == THERE else 'host'
    if made[source] != 'new':
        yield f'the data is gone: {made}'
    if made['safe'] != {**STARTS[after]['safe'], 'runs': made['safe'] and made['safe']['runs']} and made[target] != 'new':
        yield f'what comes next starts on {made[target]!r}: {made}'


def check(tap, move, after, name):
    whole = move.follow(after)
    tap.row(f'{name}: the data is there', expected(whole, ENDS[after]))
    for left in ('complete', 'failed'):
        tap.row(f'{name}: a Job of an earlier try that is {left} does not count', expected(move.follow(after, jobs={JOBS[after]: left}), ENDS[after]))
    tap.row(f'{name}: the folder cannot be built', nothing_lost(move.follow(after, fails='kustomize'), after))
    for number in range(1, whole['calls'] + 1):
        made = move.follow(after, fails=number)
        tap.row(f'{name}: command {number} of {whole["calls"]} fails', [*nothing_lost(made, after), *([] if made['calls'] == number else ['it went on'])])
    target = 'claim' if after == THERE else 'host'
    for what, changes in {'a copy that breaks': {'breaks': True}, 'files that are there already': {target: 'old'},
                          'a Job that is complete, and files that are there already': {target: 'old', 'jobs': {JOBS[after]: 'complete'}}}.items():
        made = move.follow(after, **changes)
        tap.row(f'{name}: {what}', [*nothing_lost(made, after), *expected(made, {target: changes.get(target, 'half')})])


def taken_back(move):
    """A move that broke off, wherever: the way back, and the next try."""
    for number in range(1, move.follow(THERE)['calls'] + 1):
        for breaks in (False, True):
            left = move.follow(THERE, fails=number, breaks=breaks)
            back = move.follow(TAKEN_BACK, **{word: left[word] for word in ('safe', 'host', 'claim', 'jobs')})
            yield from expected(back, {**STARTS[THERE], 'jobs': {}})
            yield from expected(move.follow(THERE, **{word: back[word] for word in ('safe', 'host', 'claim', 'jobs')}), ENDS[THERE])
    # One that is done, and safe on the claim.
    for done in (ENDS[THERE], {**ENDS[THERE], 'safe': {'data': 'claim', 'runs': True}}, {**ENDS[THERE], 'safe': {'data': 'claim', 'runs': False}}):
        yield from expected(move.follow(TAKEN_BACK, **done), done)


def main():
    tap = Tap()
    folders(tap)
    with tempfile.TemporaryDirectory() as scratch:
        move = Move(pathlib.Path(scratch))
        check(tap, move, THERE, 'there')
        tap.row('there: the way back from wherever it broke off, and nowhere else', taken_back(move))
        check(tap, move, BACK, 'back')
        move.pinned_to('node-1-b')
        tap.row('back: not where the original would start without the data', expected(move.follow(BACK), STARTS[BACK]))
    print(f'1..{tap.count}')
    return 1 if tap.failed else 0


if __name__ == '__main__':
    sys.exit(main())
