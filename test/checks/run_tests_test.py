#!/usr/bin/env python3
"""The counts of scripts/run_tests.py, from what test programs really print."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'scripts'))
sys.dont_write_bytecode = True
import run_tests  # noqa: E402

CATCH2 = [  # what it printed, whether it exited with 0, (passed, failed, skipped)
    ('All tests passed (2 assertions in 1 test case)\n', True, (1, 0, 0)),
    ('All tests passed (1,204 assertions in 34 test cases)\n', True, (34, 0, 0)),
    ('All tests passed (9 assertions in 4 test cases)\nLeakSanitizer: detected memory leaks\n', False, (4, 1, 0)),
    ('test cases: 5 | 1 passed | 1 failed | 1 skipped | 2 failed as expected\n', False, (1, 1, 3)),
    ('test cases: 12 | 10 passed |  2 failed\nassertions: 44 | 42 passed | 2 failed\n', False, (10, 2, 0)),
    ('test cases: 1 | 1 skipped\nassertions: - none -\n', False, (0, 0, 1)),
    ('test cases: 1 | 1 failed\n', False, (0, 1, 0)),
    ('', False, (0, 1, 0)),
    ('called exit(0) half way\n', True, (0, 1, 0)),
    ('==7==ERROR: AddressSanitizer: heap-use-after-free\n', False, (0, 1, 0)),
    ('No tests ran\n', True, (0, 0, 0)),
]
TAP = [  # what it printed, meson's verdict, (passed, failed, skipped)
    ('1..2\nok 1 - one\nok 2\n', 'OK', (2, 0, 0)),
    ('1..2\nok 1 - one\nnot ok 2 - two\n', 'FAIL', (1, 1, 0)),
    ('1..2\nok 1 - one # SKIP no curl\nok 2 - # in the name\n', 'OK', (1, 0, 1)),
    ('1..2\nok 1 - one\n', 'ERROR', (1, 1, 0)),
    ('1..1\nok 1 - one\n', 'TIMEOUT', (1, 1, 0)),
    ('1..0 # SKIP nothing here\n', 'SKIP', (0, 0, 1)),
]


def main():
    cases = [(run_tests.count_catch2, *case) for case in CATCH2] + [(run_tests.count_tap, *case) for case in TAP]
    print(f'1..{len(cases)}')
    status = 0
    for number, (function, output, verdict, expected) in enumerate(cases, 1):
        counted = function(output, verdict)
        print(f'{"ok" if counted == expected else "not ok"} {number} - {function.__name__} {output.strip()[:60]!r}'.replace('#', ''))
        if counted != expected:
            print(f'{output!r}: counted {counted}, expected {expected}', file=sys.stderr)
            status = 1
    return status


if __name__ == '__main__':
    sys.exit(main())
