#!/usr/bin/env python3
"""Runs the tests of one build folder with `meson test` and counts what was really tested; scripts/test calls it.

    scripts/run_tests.py BUILD_FOLDER [-k PATTERN]

A Catch2 program counts by its test cases (from the summary it ends with), a TAP script by its lines, any other test as
one. A program that dies, hangs or leaks fails, whatever it reported. The last line is
`N passed, N failed, N skipped`; the exit status is 0 only if something ran and nothing failed.
"""
import argparse
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

TAP_LINE = re.compile(r'^(not )?ok\b[^#]*(#\s*(skip|todo))?', re.IGNORECASE)
CATCH2_ALL_PASSED = re.compile(r'^All tests passed \(.* in (\d+) test cases?\)', re.MULTILINE)
CATCH2_TOTALS = re.compile(r'^test cases: +\d+((?: *\| *\d+ [a-z ]+)+)', re.MULTILINE)


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.failures = []

    def add(self, passed, failed, skipped):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    def __str__(self):
        return f'{self.passed} passed, {self.failed} failed, {self.skipped} skipped'


def is_catch2(test):
    """Whether the test is a Catch2 program: those know this option."""
    program = pathlib.Path(test['cmd'][0])
    return test['protocol'] == 'exitcode' and program.is_file() and b'allow-running-no-tests' in program.read_bytes()


def count_catch2(output, exit_is_good):
    everything = CATCH2_ALL_PASSED.findall(output)
    totals = CATCH2_TOTALS.findall(output)
    passed = failed = skipped = 0
    if everything:
        passed = int(everything[-1])
    elif totals:
        for part in totals[-1].split('|')[1:]:
            number, what = part.split(maxsplit=1)
            passed += int(number) * (what.strip() == 'passed')
            failed += int(number) * (what.strip() == 'failed')
            skipped += int(number) * (what.strip() in ('skipped', 'failed as expected'))
    elif 'No tests ran' not in output:
        failed = 1  # it ended, however politely, before its summary
    # Catch2 exits with 4 when it skipped everything; that is no failure. A leak found at exit is one.
    if not exit_is_good and not failed and (passed or not skipped):
        failed = 1
    return passed, failed, skipped


def count_tap(output, result):
    passed = failed = skipped = 0
    for line in output.splitlines():
        match = TAP_LINE.match(line)
        if not match:
            continue
        if match.group(3):
            skipped += 1
        elif match.group(1):
            failed += 1
        else:
            passed += 1
    if result not in ('OK', 'SKIP') and not failed:
        failed = 1  # it ended early, badly or late
    return passed, failed, max(skipped, result == 'SKIP')


def count(test, entry):
    good = entry['result'] == 'OK'
    if is_catch2(test):
        return count_catch2(entry.get('stdout', ''), good)
    if test['protocol'] == 'tap':
        return count_tap(entry.get('stdout', ''), entry['result'])
    skipped = entry['result'] == 'SKIP'
    return int(good), int(not good and not skipped), int(skipped)


def show_failure(test, entry):
    """What a failed test said: all of the report that names its failures, and the end of its logs."""
    print(f'\n=== {test["name"]} failed: {entry["result"]}, exit status {entry.get("returncode")}')
    lines = entry.get('stdout', '').splitlines()
    if test['protocol'] == 'tap':  # good lines say nothing here
        lines = [line for line in lines if not re.match(r'ok\b', line)]
    for what, said, most in [('standard output', lines, 300), ('standard error', entry.get('stderr', '').splitlines(), 60)]:
        if said:
            print(f'--- {what}' + (f', the last {most} of {len(said)} lines' if len(said) > most else ''))
            print('\n'.join(said[-most:]))


def run_meson(folder, tests, base, extra, tally):
    """One `meson test` over the given tests, added to the tally."""
    log = folder / 'meson-logs' / f'{base}.json'
    log.unlink(missing_ok=True)
    command = ['meson', 'test', '-C', str(folder), '--no-rebuild', '--logbase', base] + extra
    sys.stdout.flush()
    subprocess.run(command + [t['name'] for t in tests], stdin=subprocess.DEVNULL, check=False)
    entries = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    for test in tests:
        # In the log a name has its project and suite in front: "vsecm:unit / base".
        entry = next((e for e in entries if e['name'].split(' / ')[-1] == test['name']), None)
        counts = count(test, entry) if entry else (0, 1, 0)
        if counts[1]:
            tally.failures.append(test['name'])
            if entry:
                show_failure(test, entry)
        tally.add(*counts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('folder', type=pathlib.Path)
    parser.add_argument('-k', dest='pattern', help='only tests, or Catch2 cases, with this in their name')
    arguments = parser.parse_args()

    tests = json.loads((arguments.folder / 'meson-info' / 'intro-tests.json').read_text())
    sanitized = 'sanitize' in arguments.folder.name
    extra = ['--timeout-multiplier', '4'] if sanitized else []
    # The guarded pages and the process's own hardening stay as they are; only the reports are asked for.
    os.environ.setdefault('ASAN_OPTIONS', 'abort_on_error=1:detect_leaks=1:detect_stack_use_after_return=1')
    os.environ.setdefault('UBSAN_OPTIONS', 'halt_on_error=1:abort_on_error=1:print_stacktrace=1')

    tally = Tally()
    chosen = [t for t in tests if not arguments.pattern or arguments.pattern in t['name']]
    if chosen:
        run_meson(arguments.folder, chosen, 'testlog', extra, tally)
    others = [t for t in tests if t not in chosen and is_catch2(t)]
    if others:  # a pattern is also looked for in the names of test cases
        spec = shlex.join([f'*{arguments.pattern}*', '--allow-running-no-tests'])
        run_meson(arguments.folder, others, 'testlog-cases', extra + ['--test-args', spec], tally)

    for name in tally.failures:
        print(f'failed: {name}')
    if not tally.passed + tally.failed + tally.skipped:
        print('no test was run')
        tally.failed = 1
    print(tally)
    return 1 if tally.failed else 0


if __name__ == '__main__':
    sys.exit(main())
