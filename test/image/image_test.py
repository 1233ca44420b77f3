#!/usr/bin/env python3
"""The image: packed twice it is the same, it holds what it must and nothing else, and every program in it runs, by every
path, on a read-only root with no other file in reach. Runs in the build root.

    image_test.py VSECM BUILD_FOLDER VERSION
"""
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / 'scripts'
LARGEST = 12_000_000
USER = 65532
# The paths that manifests and manuals of the original call, and what answers there.
PROGRAMS = {
    '/vsecm': 'vsecm', '/bin/vsecm': 'vsecm', '/bin/safe': 'vsecm sentinel', '/bin/sloth': 'vsecm sentinel', '/vsecm-safe': 'vsecm safe',
    '/vsecm-sentinel': 'vsecm sentinel', '/vsecm-sidecar': 'vsecm sidecar', '/vsecm-init-container': 'vsecm init', '/vsecm-init': 'vsecm init',
    '/keystone': 'vsecm keystone', '/vsecm-keystone': 'vsecm keystone', '/keygen': 'vsecm keygen', '/vsecm-keygen': 'vsecm keygen',
    '/env': 'vsecm inspector', '/vsecm-inspector': 'vsecm inspector', '/sloth': 'vsecm inspector',
}
OTHERS = {'bin': 0o755, 'etc': 0o755, 'etc/passwd': 0o644, 'tmp': 0o1777}
# A root as a container runtime makes it: the image read only, /proc, /tmp in memory, a user without rights.
JAIL = '''
mkdir -p "$1/proc"
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount -t tmpfs -o mode=1777 tmp "$1/tmp"
mount -o remount,bind,ro "$1"
root=$1 user=$2
shift 2
cd "$root"
if [ "$user" ]; then exec chroot --userspec="$user" "$root" "$@"; fi
exec chroot "$root" "$@"
'''


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def row(self, name, *faults):
        faults = [fault for fault in faults if fault]
        self.count += 1
        self.failed += bool(faults)
        print(f'{"not ok" if faults else "ok"} {self.count} - {name}', *(f'# {fault}' for fault in faults), sep='\n', flush=True)


def pack(vsecm, folder, umask):
    """The archive and the digest of an image made in `folder`."""
    def calm():
        os.umask(umask)
    subprocess.run([SCRIPTS / 'image-tree', folder / 'tree', vsecm], check=True, preexec_fn=calm)
    command = [SCRIPTS / 'oci_image.py', folder / 'tree', folder / 'image.tar', 'vsecm/vsecm:1', 'VERSION=1', 'REVISION=abc', 'CREATED=2026-01-02T03:04:05Z']
    run = subprocess.run(command, check=True, capture_output=True, text=True, preexec_fn=calm, cwd=folder)
    return (folder / 'image.tar').read_bytes(), run.stdout.strip()


def files_of(archive):
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar if m.isfile()}


def blob(files, descriptor):
    content = files['blobs/' + descriptor['digest'].replace(':', '/')]
    assert len(content) == descriptor['size'], descriptor
    return content


def in_jail(tree, *command):
    root = os.geteuid() == 0
    enter = ['unshare', '--mount', '--pid', '--fork', '--kill-child', *([] if root else ['--user', '--map-root-user']), 'sh', '-euc', JAIL, 'sh']
    return subprocess.run([*enter, tree, f'{USER}:{USER}' if root else '', *command], env={'PATH': '/bin:' + os.environ['PATH']},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120)


def check_sbom(tap, vsecm, folder, version, scratch):
    document = scratch / 'sbom.json'
    command = [SCRIPTS / 'sbom.py', folder, vsecm, version, '2026-01-02T03:04:05Z', document]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    tap.row('the bill of materials is made', run.stderr)
    packages = {p['name']: p for p in json.loads(document.read_text())['packages']}
    linked = {'openssl': 'libssl-dev', 'libsodium': 'libsodium-dev', 'nghttp2': 'libnghttp2-dev', 'pcre2': 'libpcre2-dev', 'yaml-cpp': 'libyaml-cpp-dev',
              'glibc': 'libc6-dev', 'gcc-14': 'libstdc++-14-dev'}
    for name, package in linked.items():
        there = subprocess.run(['dpkg-query', '--show', '--showformat', '${source:Version}', package], check=True, capture_output=True, text=True).stdout
        found = packages.get(name, {})
        tap.row(f'it lists {name} as it is installed', found.get('versionInfo') != there and f'{found.get("versionInfo")} is not {there}',
                found.get('comment') != 'statically linked' and 'it is not said to be linked')
    tap.row('it lists headers that are compiled in', *({'boost1.88', 'rapidjson', 'protozero'} - set(packages)))
    tap.row('each has a version and a licence', *(n for n, p in packages.items() if not p['versionInfo'] or p['licenseDeclared'] in ('', 'NOASSERTION')))
    copy = scratch / 'scripts'
    copy.mkdir()
    shutil.copy(SCRIPTS / 'sbom.py', copy)
    lines = (SCRIPTS / 'licences.txt').read_text().splitlines()
    (copy / 'licences.txt').write_text('\n'.join(line for line in lines if not line.startswith('openssl')))
    run = subprocess.run([copy / 'sbom.py', *command[1:]], capture_output=True, text=True, check=False)
    tap.row('a library without a licence is refused', (run.returncode == 0 or 'openssl' not in run.stderr) and run.stderr)


def main():
    vsecm, folder, version = sys.argv[1:]
    tap = Tap()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        scratch.chmod(0o755)
        stripped = scratch / 'vsecm'
        subprocess.run(['strip', '-o', stripped, vsecm], check=True)
        (scratch / 'one').mkdir()
        (scratch / 'another').mkdir()
        archive, digest = pack(stripped, scratch / 'one', 0o022)
        os.utime(stripped, (1, 1))
        again, same = pack(stripped, scratch / 'another', 0o077)
        tap.row('packed in two folders it is the same', archive != again and 'the archives differ', digest != same and f'{digest} {same}')
        files = files_of(archive)
        tap.row('every blob is what its name says', *(name for name, content in files.items() if name.startswith('blobs/')
                                                      and hashlib.sha256(content).hexdigest() != name.split('/')[-1]))
        index = json.loads(files['index.json'])['manifests'][0]
        manifest = json.loads(blob(files, index))
        config = json.loads(blob(files, manifest['config']))
        layer = blob(files, manifest['layers'][0])
        tap.row('the digest told is that of the manifest', index['digest'] != digest and index['digest'])
        told = config['config']
        tap.row('it runs as a number, from /, with /bin as the path', *(f'{k}: {told.get(k)}' for k, v in {
            'User': f'{USER}:{USER}', 'WorkingDir': '/', 'Env': ['PATH=/bin'], 'Entrypoint': ['/vsecm']}.items() if told.get(k) != v))
        labels = {f'org.opencontainers.image.{w}' for w in ('title', 'description', 'licenses', 'version', 'revision', 'created')}
        tap.row('it has the labels of the specification', *(labels - {k for k, v in told['Labels'].items() if v}), *(v for v in told['Labels'].values() if '$' in v))
        with tarfile.open(fileobj=io.BytesIO(layer), mode='r:gz') as tar:
            members = {m.name: m for m in tar}
            tar.extractall(scratch / 'root', filter='fully_trusted')
        wanted = set(OTHERS) | {path[1:] for path in PROGRAMS}
        tap.row('it holds the program, its names, and nothing else', *(wanted ^ set(members)))
        tap.row('owners, times and modes are not this machine\'s', *(m.name for m in members.values() if m.uid or m.gid or m.mtime or m.uname
                                                                   or OTHERS.get(m.name, m.mode) != m.mode))
        size = sum(m.size for m in members.values())
        tap.row('it is at most 12 MB', size > LARGEST and f'{size} bytes')
        tree = scratch / 'root'
        for path, title in PROGRAMS.items():
            run = in_jail(tree, path, '--help')
            # The last one has a word of its own already, `--idle`, and takes no second.
            said = run.stderr if path == '/sloth' else run.stdout
            tap.row(f'{path} is {title}', run.returncode != (path == '/sloth') and f'exit status {run.returncode}: {run.stderr}',
                    not said.startswith(title + ' ') and said[:80])
        run = in_jail(tree, 'safe', '--version')
        tap.row('`safe` is found as in the original\'s sentinel', version not in run.stdout and run.stderr)
        run = in_jail(tree, '/vsecm', 'demo')
        tap.row('a secret walks through every role in it', run.returncode and run.stdout[-2000:] + run.stderr[-2000:])
        check_sbom(tap, vsecm, folder, version, scratch)
    print(f'1..{tap.count}')
    return 1 if tap.failed else 0


if __name__ == '__main__':
    sys.exit(main())
