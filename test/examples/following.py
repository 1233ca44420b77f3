"""What follows the README of an example: each `sh` block is run in a copy of the repository's folder, and what it prints must be the
`text` block behind it; if there is none, it may print anything. A block behind `<!-- needs WHAT -->` is passed over; everywhere
else kubectl and docker are the stand-ins beside this file, and the system is `vsecm dev`. What needs `a cluster`, test/peers/kubernetes
follows.
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = HERE.parents[1] / 'examples'
BLOCK = re.compile(r'(?:<!-- needs ([\w ]+) -->\n)?^```sh\n(.*?)^```\n(?:\n?^```text\n(.*?)^```\n)?', re.MULTILINE | re.DOTALL)
LOOKS = re.compile(r'cat /opt/vsecm/secrets\.json|^kubectl logs ')  # a command that changes nothing, and may come too early
PATIENCE = 20  # seconds until a change has reached a workload
TAKES_AT_MOST = 300  # seconds, for the slowest block: a compiler at work


def every_block(name):
    """(what it needs or None, commands, expected output or None) of each block of an example's README."""
    for found in BLOCK.finditer((EXAMPLES / name / 'README.md').read_text()):
        yield found.groups()


def blocks(name):
    """(commands, expected output or None) of each that can be run here."""
    return ((commands, expected) for needs, commands, expected in every_block(name) if not needs)


def title(commands):
    """What a row of a test calls a block: its last line."""
    return commands.strip().splitlines()[-1].strip()[:90]


class Cluster:
    """`vsecm dev` and the stand-ins. `repository` is the copy in which commands are run: what they write stays out of ours."""

    def __init__(self, vsecm, folder):
        """`folder` is empty and its path is short, for the sockets in it; stop() ends what runs."""
        self.repository = folder / 'repository'
        for name in ('examples', 'manifests'):
            shutil.copytree(HERE.parents[1] / name, self.repository / name)
        (self.repository / 'build').mkdir()
        (self.repository / 'build/vsecm').symlink_to(pathlib.Path(vsecm).resolve())
        self._home = folder / 'cluster'
        (self._home / 'bin').mkdir(parents=True)
        for name, target in {'vsecm': vsecm, 'kubectl': shutil.which('kubectl'), 'bin/kubectl': HERE / 'kubectl',
                             'bin/docker': HERE / 'docker'}.items():
            (self._home / name).symlink_to(pathlib.Path(target).resolve())
        self._environment = {'PATH': f'{self._home}/bin:{os.environ["PATH"]}', 'STAND_IN': str(self._home), 'HOME': str(self._home),
                             'PYTHONDONTWRITEBYTECODE': '1', 'LC_ALL': 'C.UTF-8'}
        self._dev = subprocess.Popen([vsecm, 'dev', '--dir', self._home / 'dev'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if not any('is ready' in line for line in self._dev.stdout):
            raise RuntimeError('vsecm dev did not start')

    def stop(self):
        pids = self._home / 'pids'
        for pid in pids.read_text().split() if pids.exists() else []:
            try:
                os.kill(int(pid), signal.SIGTERM)
            except ProcessLookupError:
                pass
        self._dev.terminate()
        self._dev.wait()

    def _run(self, commands):
        done = subprocess.run(['bash', '-euc', commands], cwd=self.repository, env=self._environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False, timeout=TAKES_AT_MOST)
        return done.returncode, done.stdout, done.stderr

    def follow(self, commands, expected):
        """Why the block does not do what the README says, or nothing. Its last command is tried again while it only looks."""
        deadline = time.monotonic() + PATIENCE
        *first, last = commands.rstrip('\n').split('\n')
        looks = LOOKS.search(last) and '-- safe ' not in last
        before = ''
        if looks and first:
            status, before, errors = self._run('\n'.join(first))
            if status:
                return f'exit status {status}: {errors}'
            commands = last
        while True:
            status, output, errors = self._run(commands)
            # A block of a README ends with a newline, a file need not.
            if status == 0 and expected in (None, before + output, before + output + '\n'):
                return ''
            if not looks or time.monotonic() > deadline:
                return f'exit status {status}; {before + output!r} instead of {expected!r}; {errors}'
            time.sleep(0.05)
