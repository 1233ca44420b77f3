#!/usr/bin/env python3
"""Writes docs/sdk.md, the reference of the SDK, from the comments and declarations of include/vsecm.

    scripts/sdk_reference.py [--check]

--check changes nothing, and fails when docs/sdk.md is not what would be written: one TAP line.
"""
import pathlib
import re
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
TARGET = REPOSITORY / 'docs/sdk.md'
HEADERS = [('vsecm.h', 'C: `#include <vsecm/vsecm.h>`', 'c'), ('vsecm.hpp', 'C++17: `#include <vsecm/vsecm.hpp>`', 'cpp')]
BEGIN = '''# The SDK

<!-- Made by scripts/sdk_reference.py from include/vsecm: change it there. -->

A program that has libvsecm in it gets its own secret as the sidecar would: no file, no token, told of each change.
`scripts/sdk PREFIX` builds and installs the library; `examples/sdk-c`, `sdk-cpp`, `sdk-python` and `sdk-go` are whole programs,
with all it takes to run them in a cluster ([examples](../examples/README.md)).

To package the library, or to put it where another prefix is, use Meson itself, on a Debian 13 with the packages of
`scripts/packages/build.txt`. `DESTDIR` is optional: without it the files go to the prefix.

```sh
meson setup build/libvsecm -Dsdk=true -Db_staticpic=true -Dtests=false --prefix /usr --libdir lib
DESTDIR=$PWD/build/stage meson install -C build/libvsecm
```

That installs `libvsecm.so.1`, `libvsecm.a`, the headers in `include/vsecm`, and `pkgconfig/vsecm.pc`. Add
`-Dpkgconfig.relocatable=true` if the folder is to be moved afterwards.
'''
# What a reader of the reference does not need: guards, includes, the language's brackets.
NOISE = re.compile(r'#|extern "C"|}|namespace|class \w+;$|VSECM_PUBLIC\s*$')


def prose(comment):
    """The text of a comment, as Markdown: what is indented in it is code."""
    lines = [re.sub(r'^( \* ?|/\* ?|// ?)', '', line) for line in comment]
    text = '\n'.join(re.sub(r'\s*\*/$', '', line) for line in lines).strip()
    return re.sub(r'(?m)^([a-z_]+|VSECM_\w+): (?=\w)', r'- `\1`: ', text)


def paragraphs(text):
    """(comment lines, code lines) of each part between empty lines; a class is one part, and what is private no part of it."""
    text = re.sub(r'(?ms)\n\nprivate:.*?^};', '\n};', text)
    for part in re.split(r'\n\n(?=\S)', text):
        lines = part.splitlines()
        num = 0
        if lines and lines[0].startswith('/*'):
            num = next(i for i, line in enumerate(lines) if '*/' in line) + 1
        while num < len(lines) and lines[num].startswith('//'):
            num += 1
        yield lines[:num], [line for line in '\n'.join(lines[num:]).replace('\n\n};', '\n};').splitlines()]


def reference(name, title, language):
    text = (REPOSITORY / 'include/vsecm' / name).read_text()
    out = [f'## {title}\n']
    for comment, code in paragraphs(text):
        if code and NOISE.match(code[0]) and not code[0].startswith('#define VSECM_ABI') and not code[0].startswith('#define VSECM_IS'):
            code = []
        code = [line.replace('VSECM_PUBLIC ', '').replace('VSECM_MUST_USE ', '') for line in code]
        named = re.search(r'\b(?:enum(?: class)?|class|struct) (\w+)(?: \{|:| :)|\b(\w+)\(|#define (\w+)', code[0]) if code else None
        if named and comment:
            out.append(f'### {next(filter(None, named.groups()))}\n')
        if comment:
            out.append(prose(comment) + '\n')
        if code:
            out.append(f'```{language}\n' + '\n'.join(code) + '\n```\n')
    return '\n'.join(out)


def main():
    text = '\n'.join([BEGIN] + [reference(*header) for header in HEADERS])
    if '--check' not in sys.argv[1:]:
        TARGET.write_text(text)
        return 0
    current = TARGET.exists() and TARGET.read_text() == text
    print('1..1')
    print(f'{"" if current else "not "}ok 1 - docs/sdk.md says what the headers say (scripts/sdk_reference.py writes it)')
    return 0 if current else 1


if __name__ == '__main__':
    sys.exit(main())
