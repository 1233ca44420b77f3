#!/usr/bin/env python3
"""Follows the READMEs of examples/ word by word (following.py), and holds their manifests to the rules of manifests/.

    examples_test.py VSECM VERSION [EXAMPLE...]
"""
import pathlib
import re
import sys
import tempfile

from following import EXAMPLES, Cluster, blocks, title

sys.path.insert(0, str(EXAMPLES.parent / 'test/manifests'))
import manifests_test  # noqa: E402
import rules  # noqa: E402

FOLLOWED = ['sidecar', 'init-secret', 'inspector', 'encrypted', 'several', 'generated', 'external-secrets']
# Those need libvsecm and compilers: test/peers/library follows them.
OF_THE_LIBRARY = ['sdk-c', 'sdk-cpp', 'sdk-python', 'sdk-go']


def check_manifests(tap, facts, name):
    things = manifests_test.build(EXAMPLES / name)
    faults = [fault for rule in rules.RULES for fault in rule(things, facts)]
    tap.row(f'{name}: its manifests keep the rules', faults + list(manifests_test.identities_agree(things, facts)))


def check_readme(tap, cluster, name):
    for commands, expected in blocks(name):
        tap.row(f'{name}: {title(commands)}', filter(None, [cluster.follow(commands, expected)]))


def main():
    vsecm, version, *chosen = sys.argv[1:]
    tap = manifests_test.Tap()
    facts = manifests_test.Facts(vsecm, version)
    with tempfile.TemporaryDirectory() as scratch:
        cluster = Cluster(vsecm, pathlib.Path(scratch))
        try:
            for name in chosen or FOLLOWED + OF_THE_LIBRARY:
                if (EXAMPLES / name / 'kustomization.yaml').exists():
                    check_manifests(tap, facts, name)
                if name in FOLLOWED:
                    check_readme(tap, cluster, name)
                tap.row(f'{name}: has something to follow', [] if any(blocks(name)) else ['no block'])
        finally:
            cluster.stop()
    listed = set(re.findall(r'\]\(([\w-]+)\)', (EXAMPLES / 'README.md').read_text()))
    there = {p.name for p in EXAMPLES.iterdir() if p.is_dir()}
    tap.row('the list names every example, and none that is not there', there ^ listed)
    tap.row('every example is followed, here or with the library', there ^ set(FOLLOWED + OF_THE_LIBRARY))
    print(f'1..{tap.count}')
    return 1 if tap.failed else 0


if __name__ == '__main__':
    sys.exit(main())
