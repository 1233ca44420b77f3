"""Where foreign programs come from: built once from pinned modules by the Go toolchain, kept outside the repository."""
import fcntl
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from . import tap

PEERS = pathlib.Path(__file__).resolve().parents[1]


def version(name):
    """What test/peers/versions says of a peer."""
    for line in (PEERS / 'versions').read_text().splitlines():
        if line.split()[:1] == [name]:
            return line.split()[1]
    raise KeyError(f'test/peers/versions does not name {name}')


def cache():
    """Where built peers are kept; removing it is always safe."""
    top = os.environ.get('XDG_CACHE_HOME') or os.path.join(os.environ.get('HOME', '/root'), '.cache')
    folder = pathlib.Path(top) / 'vsecm/peers'
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def go():
    """The go command. Where there is none the whole suite is skipped."""
    found = shutil.which('go')
    if not found:
        tap.skip_all('needs a Go toolchain on the PATH (https://go.dev), there is none')
    return found


def _environment():
    # A cache of our own, so that it is removed with the peers; niceness, because nobody waits for anything else meanwhile.
    return dict(os.environ, GOCACHE=str(cache() / 'go-build'), GOFLAGS='-buildvcs=false')


class NotServed(ChildProcessError):
    """A module that the proxy refuses, or no proxy in reach; in go's words."""


class NotThere(ChildProcessError):
    """A module that the proxy does not know, or whose checksum nobody vouches for: a wrong pin, as a rule."""


def c_compiler():
    """Go's cgo needs one; NotServed where there is none."""
    if not shutil.which('gcc') and not shutil.which('clang'):
        raise NotServed('it takes a C compiler on the PATH (gcc or clang), there is none')


# How go says so. Whatever else fails is a failure of the test.
_REFUSALS = {NotServed: re.compile(r': 403 |dial tcp|no such host|i/o timeout|TLS handshake timeout|proxyconnect'), NotThere: re.compile(r': (404|410) ')}


def run_go(arguments, folder):
    """`go ARGUMENTS...` in a folder; its standard output."""
    command = ['nice', '-n', '19', go()] + [str(word) for word in arguments]
    done = subprocess.run(command, cwd=folder, env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr + done.stdout  # with -json the reason is in its output
        for kind, pattern in _REFUSALS.items():
            if refusal := next((line for line in said.splitlines() if pattern.search(line)), None):
                raise kind(refusal.strip())
        raise ChildProcessError(f'go {arguments[0]} failed with {done.returncode}: {said[-2000:]}')
    return done.stdout


def built(name, programs, build):
    """As built_or_not(); the whole suite is skipped where that raises NotServed."""
    try:
        return built_or_not(name, programs, build)
    except NotServed as refused:
        tap.skip_all(f'{name} cannot be built here: {refused}')


def built_or_not(name, programs, build):
    """The folder of the cache that holds `programs` of that name; `build(folder)` makes them there when they are not. Raises
    NotServed where what it takes cannot be had."""
    there = cache() / name
    with (cache() / f'{name}.lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not all((there / program).is_file() for program in programs):
            print(f'building {name} (once; kept in {there}) ...', file=sys.stderr, flush=True)
            began = time.monotonic()
            with tempfile.TemporaryDirectory(dir=cache(), prefix=f'{name}.') as fresh:
                build(pathlib.Path(fresh))
                there.mkdir(exist_ok=True)
                for program in programs:
                    os.replace(os.path.join(fresh, program), there / program)
            print(f'building {name}: done in {time.monotonic() - began:.0f} s', file=sys.stderr, flush=True)
    return there


def module_folder(module, pinned):
    """The source of a module, checked by the sum database, in Go's module cache."""
    return pathlib.Path(json.loads(run_go(['mod', 'download', '-json', f'{module}@{pinned}'], '/'))['Dir'])


def own_program(folder):
    """Builds the small Go program of ours in test/peers/FOLDER, which pins its modules by its own go.sum; its path. Where they
    cannot be had the whole suite is skipped."""
    out = cache() / 'own' / folder
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        run_go(['build', '-trimpath', '-mod=readonly', '-o', out, '.'], PEERS / folder)
    except NotServed as refused:
        tap.skip_all(f'the modules of {folder} cannot be had: {refused}')
    return out
