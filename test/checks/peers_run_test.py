#!/usr/bin/env python3
"""The verdicts of test/peers/run, and that every suite it names is a program."""
import importlib.machinery
import importlib.util
import os
import pathlib
import sys

sys.dont_write_bytecode = True
PROGRAM = pathlib.Path(__file__).resolve().parents[1] / 'peers/run'
loader = importlib.machinery.SourceFileLoader('peers_run', str(PROGRAM))
peers_run = importlib.util.module_from_spec(importlib.util.spec_from_loader('peers_run', loader))
loader.exec_module(peers_run)

VERDICTS = [  # what it printed, its exit status, (passed, failed, skipped)
    ('ok 1 - one\nok 2 - two\n1..2\n', 0, (2, 0, 0)),
    ('ok 1 - one\nnot ok 2 - two\n1..2\n', 1, (1, 1, 0)),
    ('ok 1 - one\nok 2 # SKIP no curl\n1..2\n', 0, (1, 0, 1)),
    ('ok 1 - one\n', 0, (1, 1, 0)),            # ended politely before its plan
    ('ok 1 - one\n1..2\n', 0, (1, 1, 0)),
    ('ok 1 - one\n1..1\n', -9, (1, 1, 0)),
    ('Traceback (most recent call last):\n', 1, (0, 1, 0)),
    ('', 0, (0, 1, 0)),
    ('1..0 # SKIP needs a Go toolchain\n', 0, (0, 0, 1)),
]


def main():
    good = [peers_run.count_tap(output, peers_run.verdict(output, status)) == expected for output, status, expected in VERDICTS]
    suites = list(peers_run.suites())
    good.append(all(place in peers_run.ENTER and os.access(program, os.X_OK) for _, place, program in suites))
    good.append(len({name for name, _, _ in suites}) == len(suites) > 0)
    print(f'1..{len(good)}')
    for number, passed in enumerate(good, 1):
        print(f'{"ok" if passed else "not ok"} {number}')
    return 0 if all(good) else 1


if __name__ == '__main__':
    sys.exit(main())
