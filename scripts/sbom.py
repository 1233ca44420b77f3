#!/usr/bin/env python3
"""Writes the SPDX 2.3 document of one program: every library that is in it, with version and licence. Runs in the build root.

    scripts/sbom.py BUILD_FOLDER PROGRAM VERSION CREATED OUTPUT

Nothing is written by hand but the licences (licences.txt). What was linked is told by the linker, which is run once more as
ninja runs it and asked for the archives it takes members from; whose headers were compiled in, by ninja's dependencies;
which package and version a file is of, by dpkg.
"""
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

TARGET = 'src/vsecm'
MEMBER = re.compile(r'^\((/[^)]+)\)')  # what the linker prints of an archive: "(/usr/lib/libx.a)member.o"
OBJECT = re.compile(r'^(/\S+\.o)$')
REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
LICENCES = pathlib.Path(__file__).with_name('licences.txt')


def output_of(command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def linked_files(folder):
    """Archives of which at least one member was needed, and object files, that are not of this tree."""
    link = output_of(['ninja', '-C', str(folder), '-t', 'commands', TARGET]).splitlines()[-1]
    with tempfile.TemporaryDirectory() as scratch:
        again = link.replace(f'-o {TARGET}', f'-o {scratch}/again', 1)
        if again == link:
            raise SystemExit('sbom.py: the link command does not say -o ' + TARGET)
        said = output_of(['sh', '-c', again + ' -Wl,--trace,--trace'], cwd=folder)
    return {m.group(1) for line in said.splitlines() if (m := MEMBER.match(line) or OBJECT.match(line))}


def included_files(folder):
    """Headers, not of this tree, that its own sources were compiled with."""
    found, ours = set(), False
    for line in output_of(['ninja', '-C', str(folder), '-t', 'deps']).splitlines():
        if line and not line.startswith(' '):
            ours = line.startswith('src/')
        elif ours and line.strip().startswith('/') and not line.strip().startswith(f'{REPOSITORY}/'):
            found.add(line.strip())
    return found


def packages_of(files):
    """Debian's source packages of the files: {source: version}."""
    names = {str(pathlib.Path(name).resolve()) for name in files}
    owners = {line.split(': ')[0].split(':')[0].split(',')[0] for line in output_of(['dpkg-query', '--search', *sorted(names)]).splitlines()}
    lines = output_of(['dpkg-query', '--show', '--showformat', '${source:Package} ${source:Version}\n', *sorted(owners)])
    return dict(line.split() for line in lines.splitlines())


def licences():
    lines = [line for line in LICENCES.read_text().splitlines() if line and not line.startswith('#')]
    return dict(line.split(maxsplit=1) for line in lines)


def package(name, version, licence, **more):
    return {'SPDXID': 'SPDXRef-Package-' + re.sub(r'[^A-Za-z0-9.-]', '-', name), 'name': name, 'versionInfo': version, 'downloadLocation': 'NOASSERTION',
            'filesAnalyzed': False, 'licenseConcluded': licence, 'licenseDeclared': licence, 'copyrightText': 'NOASSERTION', **more}


def document(program, version, created, linked, included):
    digest = hashlib.sha256(program.read_bytes()).hexdigest()
    known = licences()
    unknown = sorted(set(linked | included) - set(known))
    if unknown:
        raise SystemExit(f'sbom.py: no licence is agreed to for {", ".join(unknown)}: add a line to {LICENCES.name}')
    main = package('vsecm', version, 'BSD-2-Clause', primaryPackagePurpose='APPLICATION', checksums=[{'algorithm': 'SHA256', 'checksumValue': digest}])
    libraries = []
    for name, of in sorted((included | linked).items()):
        purl = f'pkg:deb/debian/{name}@{of.replace("+", "%2B")}?arch=source&distro=trixie'
        libraries.append(package(name, of, known[name], primaryPackagePurpose='LIBRARY', supplier='Organization: Debian',
                                 comment='statically linked' if name in linked else 'headers only: compiled in',
                                 externalRefs=[{'referenceCategory': 'PACKAGE-MANAGER', 'referenceType': 'purl', 'referenceLocator': purl}]))
    relations = [{'spdxElementId': 'SPDXRef-DOCUMENT', 'relationshipType': 'DESCRIBES', 'relatedSpdxElement': main['SPDXID']}]
    relations += [{'spdxElementId': main['SPDXID'], 'relationshipType': 'STATIC_LINK' if each['name'] in linked else 'CONTAINS',
                   'relatedSpdxElement': each['SPDXID']} for each in libraries]
    return {'spdxVersion': 'SPDX-2.3', 'dataLicense': 'CC0-1.0', 'SPDXID': 'SPDXRef-DOCUMENT', 'name': f'vsecm-{version}',
            'documentNamespace': f'https://spdx.org/spdxdocs/vsecm-{version}-{digest}', 'creationInfo': {'created': created, 'creators': ['Tool: vsecm-sbom']},
            'packages': [main, *libraries], 'relationships': relations}


def main():
    folder, program, version, created, output = sys.argv[1:]
    folder = pathlib.Path(folder)
    made = document(pathlib.Path(program), version, created, packages_of(linked_files(folder)), packages_of(included_files(folder)))
    pathlib.Path(output).write_text(json.dumps(made, indent=2) + '\n')


if __name__ == '__main__':
    main()
