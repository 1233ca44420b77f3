"""Real processes: started with an exact environment, their output in files, waited for by event and never for a time."""
import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_the_suite():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def eventually(what, condition, deadline=30.0):
    """Asks `condition` again and again until it is true, and returns what it said. Fails after `deadline` seconds."""
    until = time.monotonic() + deadline
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > until:
            raise TimeoutError(f'not within {deadline} s: {what}')
        time.sleep(0.02)


def free_port():
    """A port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Process:
    """A child; killed when the suite ends, however it ends."""

    def __init__(self, argv, log, env=None):
        self.log_path = pathlib.Path(log)
        self._log = self.log_path.open('ab')
        self.argv = [str(word) for word in argv]
        self._child = subprocess.Popen(self.argv, env=env, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
                                       preexec_fn=_die_with_the_suite)

    @property
    def pid(self):
        return self._child.pid

    def log(self):
        return self.log_path.read_text(errors='replace')

    def running(self):
        return self._child.poll() is None

    def wait_for(self, text, deadline=30.0, count=1):
        """Until its output holds `text` (that many times); fails at once when the process ends before that."""
        def said():
            if self.log().count(text) >= count:
                return True
            if not self.running():
                raise ChildProcessError(f'{self.argv[0]} ended with {self._child.returncode}: {self.log()[-2000:]}')
            return False
        eventually(f'{self.argv[0]} says {text!r}', said, deadline)

    def wait(self, deadline=30.0):
        """Its exit status, once it ended by itself."""
        return self._child.wait(deadline)

    def stop(self, number=signal.SIGTERM, deadline=30.0):
        """Ends it by a signal and returns its exit status, negative when it died of a signal."""
        if self.running():
            self._child.send_signal(number)
        status = self._child.wait(deadline)
        self._log.close()
        return status

    def kill(self):
        return self.stop(signal.SIGKILL)


class Finished:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __repr__(self):
        return f'exit status {self.status}, standard output {self.out!r}, standard error {self.err!r}'


def run(argv, env=None, stdin='', deadline=60.0, uid=None):
    """Runs to the end; as another user and its group where `uid` is given, which takes root."""
    somebody = {} if uid is None else {'user': uid, 'group': uid, 'extra_groups': [], 'cwd': '/'}
    done = subprocess.run([str(word) for word in argv], env=env, input=stdin, capture_output=True, text=True, errors='replace',
                          timeout=deadline, check=False, preexec_fn=_die_with_the_suite, **somebody)
    return Finished(done.returncode, done.stdout, done.stderr)


def must(done, status=0):
    """That it ended with `status`; returns it."""
    if done.status != status:
        raise AssertionError(f'expected exit status {status}: {done!r}')
    return done


@contextlib.contextmanager
def scratch_folder():
    """An empty folder for the suite, readable by nobody else. Its path is short: sockets in it have at most 107 bytes."""
    folder = tempfile.mkdtemp(prefix='peers.', dir='/tmp')
    os.chmod(folder, 0o700)
    try:
        yield pathlib.Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
