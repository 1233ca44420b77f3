#!/usr/bin/env python3
"""Checks that the tree keeps its own rules, one TAP line a rule; what breaks a rule is named on standard error.

    scripts/check_layers.py [TREE]

The first rule is the layering: a file includes its own room and rooms above it in ROOMS, never one below, and no role
sees another. The other rules are the house's in what a reader cannot see at a glance.
"""
import pathlib
import re
import sys

# Top to bottom. docs/architecture.md says what each is for.
ROOMS = ['base', 'metrics', 'codec', 'gotmpl', 'config', 'crypto', 'api', 'delivery', 'net', 'grpc', 'spiffe', 'identity', 'kube', 'client',
         'volume', 'store', 'sdk', 'roles']
PRECOMPILED = {'net/asio.hpp'}  # src/precompiled compiles this for everybody, and is in no room
SHARED_BY_ROLES = {'role_frame.hpp', 'roles.hpp'}
LINES_AT_MOST = 400
# Whose headers may name types of OpenSSL or libsodium: the file that wraps them, and rooms whose business TLS and
# certificates are.
LIBRARY_HEADERS_IN = re.compile(r'src/(crypto/openssl_handle\.hpp$|(net|spiffe|identity)/)')

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
# Put together here so that this file does not break the rule.
PATHS_OF_A_MACHINE = re.compile(r'(?<![\w.:/$}~-])/' + r'(?:work|home/\w+|Users|mnt/\w+)/')


class Tree:
    """The text files of the repository, by their path from its top."""

    def __init__(self, top):
        self.files = {}
        for path in sorted(top.rglob('*')):
            name = path.relative_to(top)
            first = name.parts[0]
            if first == '.git' or first.startswith('build') or (first == 'subprojects' and len(name.parts) > 2):
                continue
            if '__pycache__' in name.parts or path.is_symlink() or not path.is_file():
                continue
            content = path.read_bytes()
            if b'\0' not in content:
                self.files[name.as_posix()] = content.decode(errors='replace')

    def sources(self, ending=('.hpp', '.cpp', '.h')):
        return {n: t for n, t in self.files.items() if n.startswith('src/') and n.endswith(ending)}

    def rooms(self):
        return sorted({room_of(n) for n in self.sources()} - {''})


def room_of(name):
    """'crypto' of src/crypto/age.cpp; 'roles/safe' of src/roles/safe/role.cpp; '' of src/main.cpp."""
    parts = name.split('/')[1:-1]
    return '/'.join(parts[:2] if parts[:1] == ['roles'] else parts[:1])


def may_see(room, other):
    if not room or room == other:
        return True
    if other.startswith('roles/'):
        return False
    return room.startswith('roles/') or ROOMS.index(other) < ROOMS.index(room)


def only_rooms_above(tree):
    for name, text in tree.sources().items():
        room = room_of(name)
        for bracket, include in INCLUDE.findall(text):
            if bracket == '<' or include.startswith('vsecm/'):  # the public headers
                continue
            other = room_of('src/' + include)
            if room == 'precompiled':
                allowed = include in PRECOMPILED
            elif not other:
                allowed = not room or (room.startswith('roles/') and include in SHARED_BY_ROLES)
            else:
                allowed = other.split('/')[0] in ROOMS and may_see(room, other)
            if not allowed:
                yield f'{name} includes "{include}", which {room or "it"} does not see'


def known_rooms(tree):
    for room in tree.rooms():
        if room.split('/')[0] not in ROOMS + ['precompiled']:
            yield f'src/{room} is not in the list of rooms'


def short_files(tree):
    for name, text in tree.files.items():
        lines = text.count('\n')
        if name.startswith(('src/', 'include/')) and lines > LINES_AT_MOST:
            yield f'{name} has {lines} lines, more than {LINES_AT_MOST}: look for the second concept in it'


def no_slow_includes(tree):
    banned = {'iostream', 'regex'}
    composed = re.compile(r'\bhttp::async_(read|write)\w*\s*\(')
    for name, text in tree.sources().items():
        for bracket, include in INCLUDE.findall(text):
            if bracket == '<' and (include in banned or include.startswith('boost/asio/ssl')):
                yield f'{name} includes <{include}>'
        if composed.search(text):
            yield f'{name} calls one of Beast\'s composed operations, which cost 40 s of compiling a file'


def environment_in_one_place(tree):
    for name, text in tree.sources().items():
        if re.search(r'\b(secure_)?getenv\s*\(', text) and not re.match(r'src/base/env\.[ch]pp$', name):
            yield f'{name} asks the environment; only src/base/env does'


def libraries_behind_headers(tree):
    for name, text in tree.sources(ending=('.hpp', '.h')).items():
        for bracket, include in INCLUDE.findall(text):
            if re.match(r'openssl/|sodium', include) and not LIBRARY_HEADERS_IN.match(name):
                yield f'{name} includes <{include}>: its users would see the library\'s types'


def public_headers_stand_alone(tree):
    for name, text in tree.files.items():
        if name.startswith('include/'):
            for bracket, include in INCLUDE.findall(text):
                if '/' in include and not include.startswith('vsecm/'):
                    yield f'{name} includes {include}: the public headers need the standard library only'


def every_room_explains_itself(tree):
    for room in tree.rooms():
        if f'src/{room}/README.md' not in tree.files:
            yield f'src/{room} has no README.md'


def no_paths_of_a_machine(tree):
    for name, text in tree.files.items():
        for number, line in enumerate(text.splitlines(), 1):
            if PATHS_OF_A_MACHINE.search(line):
                yield f'{name}:{number} names a path of one machine: {line.strip()[:80]}'


RULES = [
    ('a file includes its own room and rooms above it', only_rooms_above),
    ('every room is in the list', known_rooms),
    (f'no source file is longer than {LINES_AT_MOST} lines', short_files),
    ('nothing that is slow to compile is included', no_slow_includes),
    ('only base/env asks the environment', environment_in_one_place),
    ('headers keep OpenSSL and libsodium to themselves', libraries_behind_headers),
    ('public headers need the standard library only', public_headers_stand_alone),
    ('every room has a README.md', every_room_explains_itself),
    ('no file names a path of one machine', no_paths_of_a_machine),
]


def main():
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    tree = Tree(top)
    if not tree.sources():
        sys.exit(f'{top} has no sources')
    print(f'1..{len(RULES)}')
    status = 0
    for number, (rule, check) in enumerate(RULES, 1):
        broken = list(check(tree))
        print(f'{"not " if broken else ""}ok {number} - {rule}')
        for line in broken:
            print(line, file=sys.stderr)
        if broken:
            status = 1
    return status


if __name__ == '__main__':
    sys.exit(main())
