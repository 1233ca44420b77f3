#!/usr/bin/env python3
"""Follows every README of examples/ word by word: each `sh` block is run from the repository's folder, and what it prints must
be the `text` block behind it. A block behind `<!-- needs a cluster -->` is passed over; everywhere else kubectl is the
stand-in beside this file, and the system is `vsecm dev`.

    examples_test.py VSECM VERSION [EXAMPLE...]
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path.insert(0, str(TOP / 'test/manifests'))
import manifests_test  # noqa: E402
import rules  # noqa: E402

EXAMPLES = ['sidecar', 'init-secret', 'inspector', 'encrypted', 'several', 'generated', 'external-secrets']
BLOCK = re.compile(r'(<!-- needs a cluster -->\n)?^```sh\n(.*?)^```\n(?:\n?^```text\n(.*?)^```\n)?', re.MULTILINE | re.DOTALL)
PATIENCE = 20  # seconds until a change has reached a file


def blocks(readme):
    """(commands, expected output) of each block that can be run here."""
    for cluster, commands, expected in BLOCK.findall(readme):
        if not cluster:
            yield commands, expected


def run(commands, environment):
    done = subprocess.run(['bash', '-euc', commands], cwd=environment['REPOSITORY'], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


def follow(commands, expected, environment):
    """Why the block does not do what the README says, or nothing. What only looks, or waits to become so, is tried again."""
    deadline = time.monotonic() + PATIENCE
    lines = commands.rstrip('\n').split('\n')
    writes = [i for i, line in enumerate(lines) if re.search(r'-- safe ', line)]
    # The last command alone may be repeated, if it changes nothing.
    if len(lines) > 1 and 'cat /opt/vsecm/secrets.json' in lines[-1] and not (writes and writes[-1] == len(lines) - 1):
        status, before, errors = run('\n'.join(lines[:-1]), environment)
        if status:
            return f'exit status {status}: {errors}'
        commands = lines[-1]
    else:
        before = ''
    repeat = 'cat /opt/vsecm/secrets.json' in commands and '-- safe ' not in commands
    while True:
        status, output, errors = run(commands, environment)
        # A block of a README ends with a newline, a file need not.
        good = status == 0 and expected in (before + output, before + output + '\n')
        if good or not repeat or time.monotonic() > deadline:
            return '' if good else f'exit status {status}; {before + output!r} instead of {expected!r}; {errors}'
        time.sleep(0.05)


def mirrored(folder):
    """A copy of what a README names, so that what it writes stays out of the repository."""
    for name in ('examples', 'manifests'):
        shutil.copytree(TOP / name, folder / name)
    return folder


def system(vsecm, home):
    home.mkdir()
    (home / 'vsecm').symlink_to(pathlib.Path(vsecm).resolve())
    (home / 'kubectl').symlink_to(shutil.which('kubectl'))
    (home / 'bin').mkdir()
    (home / 'bin/kubectl').symlink_to(HERE / 'kubectl')
    (home / 'bin/safe').symlink_to(pathlib.Path(vsecm).resolve())
    dev = subprocess.Popen([vsecm, 'dev', '--dir', home / 'dev'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in dev.stdout:
        if 'is ready' in line:
            return dev
    raise RuntimeError('vsecm dev did not start')


def stop(dev, home):
    if (home / 'pids').exists():
        for pid in (home / 'pids').read_text().split():
            try:
                os.kill(int(pid), signal.SIGTERM)
            except ProcessLookupError:
                pass
    dev.terminate()
    dev.wait()


def check(tap, facts, name, environment):
    folder = TOP / 'examples' / name
    if (folder / 'kustomization.yaml').exists():
        things = manifests_test.build(folder)
        faults = [fault for rule in rules.RULES for fault in rule(things, facts)]
        tap.row(f'{name}: its manifests keep the rules', faults + list(manifests_test.identities_agree(things, facts)))
    count = 0
    for commands, expected in blocks((folder / 'README.md').read_text()):
        count += 1
        tap.row(f'{name}: {commands.strip().splitlines()[-1].strip()[:90]}', filter(None, [follow(commands, expected, environment)]))
    tap.row(f'{name}: has something to follow', [] if count else ['no block'])


def main():
    vsecm, version, *chosen = sys.argv[1:]
    tap = manifests_test.Tap()
    facts = manifests_test.Facts(vsecm, version)
    with tempfile.TemporaryDirectory() as scratch:
        home = pathlib.Path(scratch, 'cluster')
        dev = system(vsecm, home)
        environment = {'PATH': f'{home}/bin:{os.environ["PATH"]}', 'STAND_IN': str(home), 'REPOSITORY': str(mirrored(pathlib.Path(scratch))),
                       'PYTHONDONTWRITEBYTECODE': '1', 'LC_ALL': 'C.UTF-8'}
        try:
            for name in chosen or EXAMPLES:
                check(tap, facts, name, environment)
        finally:
            stop(dev, home)
    listed = set(re.findall(r'\]\(([\w-]+)\)', (TOP / 'examples/README.md').read_text()))
    there = {p.name for p in (TOP / 'examples').iterdir() if p.is_dir()}
    tap.row('the list names every example, and none that is not there', (set(EXAMPLES) - listed) | (listed - there))
    print(f'1..{tap.count}')
    return 1 if tap.failed else 0


if __name__ == '__main__':
    sys.exit(main())
