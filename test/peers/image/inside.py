"""Packs the program as scripts/image does and gives the archive to skopeo, umoci and crun. Runs in the build root."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from frame import tap  # noqa: E402
from frame.processes import scratch_folder  # noqa: E402

SCRIPTS = pathlib.Path(__file__).resolve().parents[3] / 'scripts'
CREATED = '2026-01-02T03:04:05Z'


def output_of(*command, **options):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False, **options)
    if done.returncode:
        raise ChildProcessError(f'{command[0]} ended with {done.returncode}: {done.stdout[-1500:]} {done.stderr[-1500:]}')
    return done.stdout


def pack(vsecm, folder):
    """The archive and its digest."""
    output_of('strip', '-o', folder / 'vsecm', vsecm)
    output_of(SCRIPTS / 'image-tree', folder / 'tree', folder / 'vsecm')
    digest = output_of(SCRIPTS / 'oci_image.py', folder / 'tree', folder / 'image.tar', 'vsecm/vsecm:1', 'VERSION=1', 'REVISION=abc', f'CREATED={CREATED}')
    return folder / 'image.tar', digest.strip()


# crun wants to see control groups, which a build root does not show; it is told to make none.
SHOW_GROUPS = ['unshare', '--mount', 'sh', '-euc', 'mount -t tmpfs none /sys; mkdir -p /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup; exec "$@"', 'sh']


class Container:
    """One run after the other of an unpacked image under crun, as a pod of manifests/ runs it: read-only root, no capability,
    no new privileges, a temporary folder in memory."""

    def __init__(self, bundle):
        self.bundle = bundle
        self.config = json.loads((bundle / 'config.json').read_text())
        process = self.config['process']
        process['terminal'] = False
        process['noNewPrivileges'] = True
        process['capabilities'] = {}
        process.pop('rlimits', None)  # a container in a build root cannot raise them
        self.config['root']['readonly'] = True
        self.config['linux'].pop('resources', None)
        self.config['linux'].pop('cgroupsPath', None)
        # What a build root has no right to, or no need for.
        self.config['mounts'] = [m for m in self.config['mounts'] if m['destination'] not in ('/sys', '/sys/fs/cgroup', '/dev/mqueue')]
        self.config['mounts'].append({'destination': '/tmp', 'type': 'tmpfs', 'source': 'tmp', 'options': ['mode=1777', 'nosuid', 'nodev']})
        # Loopback only, brought up by crun.
        self.config['linux']['namespaces'] = [{'type': name} for name in ('pid', 'mount', 'ipc', 'uts', 'network')]

    def run(self, *arguments):
        """What a container says that is started with these arguments in the place of the image's own."""
        self.config['process']['args'] = [str(word) for word in arguments]
        (self.bundle / 'config.json').write_text(json.dumps(self.config))
        return output_of(*SHOW_GROUPS, 'crun', '--root', self.bundle.parent / 'state', '--cgroup-manager=disabled', 'run', '--bundle', self.bundle, 'vsecm-test',
                         env={**os.environ, 'XDG_RUNTIME_DIR': str(self.bundle.parent)})


def main(vsecm):
    missing = [name for name in ('skopeo', 'umoci', 'crun') if not shutil.which(name)]
    if missing:
        tap.skip_all(f'needs {", ".join(missing)}')
    with scratch_folder() as folder:
        archive, digest = pack(vsecm, folder)
        with tap.case('skopeo reads the archive, by the digest that was told'):
            seen = json.loads(output_of('skopeo', '--tmpdir', folder, 'inspect', f'oci-archive:{archive}'))
            tap.same((seen['Digest'], seen['Os'], seen['Created'], seen['Env'], len(seen['Layers'])), (digest, 'linux', CREATED, ['PATH=/bin'], 1))
            tap.same(seen['Labels']['org.opencontainers.image.version'], '1')
        with tap.case('and as what an older docker loads'):
            seen = json.loads(output_of('skopeo', '--tmpdir', folder, 'inspect', f'docker-archive:{archive}'))
            tap.same((seen['RepoTags'] or ['docker.io/vsecm/vsecm:1'], seen['Env']), (['docker.io/vsecm/vsecm:1'], ['PATH=/bin']))
        with tap.case('umoci unpacks it, every blob by its digest'):
            output_of('skopeo', '--tmpdir', folder, '--insecure-policy', 'copy', f'oci-archive:{archive}', f'oci:{folder}/layout:1')
            output_of('umoci', 'unpack', *([] if os.geteuid() == 0 else ['--rootless']), '--image', f'{folder}/layout:1', folder / 'bundle')
            tap.same(sorted(p.name for p in (folder / 'bundle/rootfs/bin').iterdir()), ['safe', 'sloth', 'vsecm'])
        if subprocess.run([*SHOW_GROUPS, 'true'], stderr=subprocess.DEVNULL, check=False).returncode:
            tap.skip('crun runs it', 'this machine lets nobody mount control groups')
            tap.finish()
        container = Container(folder / 'bundle')
        with tap.case('a runtime starts it as the image says: a number, from /, with its entry point'):
            process = container.config['process']
            tap.same((process['user']['uid'], process['user']['gid'], process['cwd'], process['args'][:1]), (65532, 65532, '/', ['/vsecm']))
            tap.contains(container.run('/vsecm', 'help'), 'usage: vsecm ROLE')
        with tap.case('`safe` is found by its name'):
            tap.contains(container.run('safe', '--help'), 'vsecm sentinel')
        with tap.case('a secret walks through every role in it'):
            container.run('/vsecm', 'demo')
    tap.finish()


if __name__ == '__main__':
    main(sys.argv[1])
