#!/usr/bin/env python3
"""Packs a folder into an OCI image, one archive, the same bytes whenever and wherever it is made from the same files.

    scripts/oci_image.py FOLDER OUTPUT.tar NAME:TAG [ARGUMENT=VALUE]...

What is not a file, it reads from the last stage of the Dockerfile (USER, ENV, WORKDIR, ENTRYPOINT, LABEL, with the ARGs
given), so that both ways give one image. `docker load`, `podman load`, `ctr images import` and `skopeo` read the archive.

Written here rather than left to buildah or umoci: those take times, owners and the order of files from where they run, are
thirty times the size of this, and all that is needed is a tar of files, three JSON documents and their digests. Prints the
digest of the manifest.
"""
import gzip
import hashlib
import io
import json
import pathlib
import platform
import re
import shlex
import sys
import tarfile

DOCKERFILE = pathlib.Path(__file__).resolve().parents[1] / 'Dockerfile'
ARCHITECTURES = {'x86_64': 'amd64', 'aarch64': 'arm64'}
OCI = 'application/vnd.oci.image.'


def last_stage(arguments):
    """The instructions of the Dockerfile's last stage that are not about files, as an image's configuration has them."""
    text = re.sub(r'\\\n\s*', ' ', DOCKERFILE.read_text())
    lines = [line for line in text[text.rindex('\nFROM '):].splitlines() if line and not line.startswith('#')]
    values, config = {}, {'Env': [], 'Labels': {}}
    for line in lines:
        word, rest = line.split(maxsplit=1)
        if word == 'ARG':
            for name, value in (pair.split('=', 1) for pair in shlex.split(rest)):
                values[name] = arguments.get(name, value)
            continue
        rest = re.sub(r'\$\{?(\w+)\}?', lambda m: values[m.group(1)], rest)
        if word == 'LABEL':
            config['Labels'].update(pair.split('=', 1) for pair in shlex.split(rest))
        elif word == 'ENV':
            config['Env'] += shlex.split(rest)
        elif word == 'USER':
            config['User'] = rest
        elif word == 'WORKDIR':
            config['WorkingDir'] = rest
        elif word == 'ENTRYPOINT':
            config['Entrypoint'] = json.loads(rest)
        elif word not in ('FROM', 'COPY'):
            raise SystemExit(f'oci_image.py: does not know {word}')
    unknown = set(arguments) - set(values)
    if unknown:
        raise SystemExit(f'oci_image.py: the Dockerfile has no ARG {", ".join(sorted(unknown))}')
    return config


def tar_of(files):
    """A tar of (TarInfo, bytes) with nothing in it of the machine it is made on."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.USTAR_FORMAT) as tar:
        for info, content in files:
            info.mtime = info.uid = info.gid = 0
            info.uname = info.gname = ''
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def layer_of(folder):
    files = []
    for path in sorted(folder.rglob('*')):
        info, content = tarfile.TarInfo(path.relative_to(folder).as_posix()), b''
        if path.is_symlink():
            info.type, info.linkname, info.mode = tarfile.SYMTYPE, str(path.readlink()), 0o777
        elif path.is_dir():
            info.type, info.mode = tarfile.DIRTYPE, path.stat().st_mode & 0o7777
        else:
            content = path.read_bytes()
            info.size, info.mode = len(content), path.stat().st_mode & 0o7777
        files.append((info, content))
    return tar_of(files)


def encoded(document):
    return json.dumps(document, sort_keys=True, separators=(',', ':')).encode()


class Layout:
    """The files of an OCI image layout."""

    def __init__(self):
        self.files = {'oci-layout': encoded({'imageLayoutVersion': '1.0.0'})}

    def add(self, media_type, content):
        digest = hashlib.sha256(content).hexdigest()
        self.files['blobs/sha256/' + digest] = content
        return {'mediaType': OCI + media_type, 'digest': 'sha256:' + digest, 'size': len(content)}


def path_of(descriptor):
    return 'blobs/' + descriptor['digest'].replace(':', '/')


def image(folder, name, config):
    layer = layer_of(folder)
    layout = Layout()
    packed = layout.add('layer.v1.tar+gzip', gzip.compress(layer, compresslevel=9, mtime=0))
    created = config['Labels']['org.opencontainers.image.created']
    about = layout.add('config.v1+json', encoded({
        'architecture': ARCHITECTURES[platform.machine()], 'os': 'linux', 'created': created, 'config': config,
        'rootfs': {'type': 'layers', 'diff_ids': ['sha256:' + hashlib.sha256(layer).hexdigest()]},
        'history': [{'created': created, 'created_by': 'scripts/image'}]}))
    manifest = layout.add('manifest.v1+json', encoded({
        'schemaVersion': 2, 'mediaType': OCI + 'manifest.v1+json', 'config': about, 'layers': [packed], 'annotations': config['Labels']}))
    named = {**manifest, 'annotations': {'org.opencontainers.image.ref.name': name.split(':')[1], 'io.containerd.image.name': 'docker.io/' + name}}
    layout.files['index.json'] = encoded({'schemaVersion': 2, 'mediaType': OCI + 'index.v1+json', 'manifests': [named]})
    # For a docker that does not know the layout yet.
    layout.files['manifest.json'] = encoded([{'Config': path_of(about), 'RepoTags': [name], 'Layers': [path_of(packed)]}])
    return layout.files, manifest['digest']


def archive(files):
    folders = sorted({str(p) for name in files for p in pathlib.PurePosixPath(name).parents} - {'.'})
    entries = []
    for name in folders + sorted(files):
        info = tarfile.TarInfo(name)
        info.mode = 0o644
        if name in files:
            info.size = len(files[name])
        else:
            info.type, info.mode = tarfile.DIRTYPE, 0o755
        entries.append((info, files.get(name, b'')))
    return tar_of(entries)


def main():
    folder, output, name, *arguments = sys.argv[1:]
    files, digest = image(pathlib.Path(folder), name, last_stage(dict(each.split('=', 1) for each in arguments)))
    pathlib.Path(output).write_bytes(archive(files))
    print(digest)


if __name__ == '__main__':
    main()
