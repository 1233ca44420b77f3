#!/usr/bin/env python3
"""Each rule of scripts/check_layers.py must fail on a tree that breaks it, and on nothing else."""
import pathlib
import subprocess
import sys
import tempfile

CHECKER = pathlib.Path(__file__).resolve().parents[2] / 'scripts' / 'check_layers.py'
GOOD = {
    'src/main.cpp': '#include "roles/safe/role.hpp"\n#include "roles.hpp"\n',
    'src/base/README.md': 'words\n',
    'src/base/env.cpp': '#include <cstdlib>\nauto v = std::getenv("A");\n',
    'src/crypto/README.md': 'mechanisms\n',
    'src/crypto/openssl_handle.hpp': '#include "base/env.hpp"\n#include <openssl/evp.h>\n',
    'src/precompiled/README.md': 'once\n',
    'src/precompiled/asio_rooms.hpp': '#include "net/asio.hpp"\n',
    'src/roles/safe/README.md': 'the server\n',
    'src/roles/safe/role.hpp': '#include "roles.hpp"\n#include "crypto/age.hpp"\n#include "roles/safe/vault.hpp"\n',
    'include/vsecm/vsecm.hpp': '#include <string>\n#include <vsecm/vsecm.h>\n',
    'README.md': 'see https://example.com/' + 'work/ and /opt/vsecm/secrets.json\n',
}
# What is added to the good tree, and the rule it must break.
BROKEN = [
    ('src/base/a.cpp', '#include "crypto/age.hpp"\n', 'rooms above it'),
    ('src/crypto/a.cpp', '  #  include "net/asio.hpp"\n', 'rooms above it'),
    ('src/crypto/a.cpp', '#include "roles.hpp"\n', 'rooms above it'),
    ('src/crypto/a.cpp', '#include "roles/safe/role.hpp"\n', 'rooms above it'),
    ('src/roles/dev/a.cpp', '#include "roles/safe/vault.hpp"\n', 'rooms above it'),
    ('src/precompiled/a.hpp', '#include "base/env.hpp"\n', 'rooms above it'),
    ('src/crypto/a.cpp', '#include "util/a.hpp"\n', 'rooms above it'),
    ('src/util/a.hpp', '\n', 'in the list'),
    ('src/base/a.cpp', '\n' * 401, 'longer than'),
    ('include/vsecm/a.h', '\n' * 401, 'longer than'),
    ('src/base/a.cpp', '#include <iostream>\n', 'slow to compile'),
    ('src/base/a.hpp', '#include <regex>\n', 'slow to compile'),
    ('src/crypto/a.cpp', '#include <boost/asio/ssl/stream.hpp>\n', 'slow to compile'),
    ('src/crypto/a.cpp', 'co_await http::async_read(a, b);\n', 'slow to compile'),
    ('src/crypto/a.cpp', 'auto a = getenv("HOME");\n', 'asks the environment'),
    ('src/base/file.cpp', 'auto a = ::secure_getenv ("HOME");\n', 'asks the environment'),
    ('src/crypto/a.hpp', '#include <openssl/ssl.h>\n', 'OpenSSL and libsodium'),
    ('src/base/a.hpp', '#include <sodium.h>\n', 'OpenSSL and libsodium'),
    ('include/vsecm/a.h', '#include <boost/asio.hpp>\n', 'standard library only'),
    ('src/store/a.cpp', '\n', 'README.md'),
    ('src/roles/dev/a.cpp', '\n', 'README.md'),
    ('docs/a.md', 'it is in /' + 'home/alice/vsecm\n', 'path of one machine'),
]


def broken_rules(files):
    with tempfile.TemporaryDirectory() as top:
        for name, text in files.items():
            path = pathlib.Path(top, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        run = subprocess.run([sys.executable, CHECKER, top], capture_output=True, text=True, check=False)
    rules = [line.split(' - ', 1)[1] for line in run.stdout.splitlines() if line.startswith('not ok')]
    if run.returncode != (1 if rules else 0):
        rules.append(f'exit status {run.returncode}: {run.stderr}')
    return rules


def main():
    print(f'1..{len(BROKEN) + 1}')
    rules = broken_rules(GOOD)
    print(f'{"ok" if not rules else "not ok"} 1 - a good tree breaks no rule')
    good = not rules
    for number, (name, text, expected) in enumerate(BROKEN, 2):
        rules = broken_rules({**GOOD, name: text})
        # A new room without a README.md breaks that rule beside the one it is here for.
        others = [r for r in rules if expected not in r and 'README.md' not in r]
        caught = any(expected in r for r in rules) and not others
        print(f'{"ok" if caught else "not ok"} {number} - {text.strip()[:60] or "(lines)"} in {name}')
        if not caught:
            print(f'{name}: broke {rules}, expected {expected}', file=sys.stderr)
        good = good and caught
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
