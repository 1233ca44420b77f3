"""A SPIRE of one trust domain on loopback: a server and one agent, attested by a join token, telling workloads apart by the path
of their program and by their user."""
import json
import os
import re
import shutil

from . import obtain
from .processes import Process, eventually, free_port, must, run

PROGRAMS = ('spire-server', 'spire-agent')
PLUGINS = {'disk', 'memory', 'jointoken', 'unix'}  # what the configurations below name
SVID_TTL = 30  # seconds; the agent looks every 5 s, and renews at half of a life

SERVER = '''
server {{
  bind_address = "127.0.0.1"
  bind_port = "{port}"
  socket_path = "{folder}/server.sock"
  trust_domain = "{domain}"
  data_dir = "{folder}/server"
  log_level = "INFO"
  default_x509_svid_ttl = "{ttl}s"
  agent_ttl = "1h"
}}
plugins {{
  DataStore "sql" {{
    plugin_data {{
      database_type = "sqlite3"
      connection_string = "{folder}/server/db"
    }}
  }}
  NodeAttestor "join_token" {{ plugin_data {{}} }}
  KeyManager "disk" {{ plugin_data {{ keys_path = "{folder}/server/keys.json" }} }}
}}
'''
AGENT = '''
agent {{
  data_dir = "{folder}/agent"
  server_address = "127.0.0.1"
  server_port = "{port}"
  socket_path = "{folder}/agent.sock"
  trust_domain = "{domain}"
  trust_bundle_path = "{folder}/bundle.pem"
  log_level = "INFO"
}}
plugins {{
  NodeAttestor "join_token" {{ plugin_data {{}} }}
  KeyManager "disk" {{ plugin_data {{ directory = "{folder}/agent" }} }}
  WorkloadAttestor "unix" {{ plugin_data {{ discover_workload_path = true }} }}
}}
'''


def _leave_out_plugins(source):
    """Edits the lists of built-in plugins: those for clouds are most of SPIRE's dependencies, and nothing here uses them."""
    for path in [*source.glob('pkg/server/catalog/*.go'), *source.glob('pkg/agent/catalog/*.go')]:
        text = path.read_text()
        for name in set(re.findall(r'^\t\t(\w+)\.BuiltIn\(\),$', text, re.MULTILINE)) - PLUGINS:
            text = re.sub(rf'^\t\t{name}\.BuiltIn\(\),\n', '', text, flags=re.MULTILINE)
            text = re.sub(rf'^\t(?:{name} "[^"\n]*"|"[^"\n]*/{name}")\n', '', text, flags=re.MULTILINE)
        path.write_text(text)


def programs(built=obtain.built):
    """The folder with spire-server and spire-agent, built when they are not there. `built` says what happens where they cannot be."""
    pinned = obtain.version('spire')

    def build(folder):
        obtain.c_compiler()  # for the server's SQLite
        source = folder / 'source'
        shutil.copytree(obtain.module_folder('github.com/spiffe/spire', pinned), source, copy_function=shutil.copyfile)
        for path in [source, *source.rglob('*/')]:
            path.chmod(0o755)  # Go's module cache cannot be written to, and the copy neither
        _leave_out_plugins(source)
        obtain.run_go(['build', '-mod=readonly', '-trimpath', '-ldflags=-s -w', '-o', f'{folder}/', *(f'./cmd/{program}' for program in PROGRAMS)], source)

    return built(f'spire-{pinned.removeprefix("v")}', PROGRAMS, build)


class Server:
    """A server alone, running; `domain` is the trust domain, `folder` an empty one for all it keeps, `programs` where it is."""

    def __init__(self, folder, domain, programs):
        self.domain = domain
        self.folder = folder
        self._bin = programs
        self._settings = {'folder': folder, 'domain': domain, 'port': free_port(), 'ttl': SVID_TTL}
        (folder / 'server').mkdir(parents=True)
        (folder / 'server.conf').write_text(SERVER.format(**self._settings))
        self.start_server()

    def server(self, *words):
        """An administrator's command, which must succeed; its standard output."""
        return must(run([self._bin / 'spire-server', *words, '-socketPath', self.folder / 'server.sock'])).out

    def start_server(self):
        self.server_process = Process([self._bin / 'spire-server', 'run', '-config', self.folder / 'server.conf'], self.folder / 'server.log')
        self._healthy(self.server_process, 'spire-server', 'server.sock')

    def _healthy(self, process, program, socket):
        def answers():
            if not process.running():
                raise ChildProcessError(f'{program} ended: {process.log()[-2000:]}')
            return run([self._bin / program, 'healthcheck', '-socketPath', self.folder / socket]).status == 0
        eventually(f'{program} of {self.domain} is healthy', answers, 60)

    def stop(self):
        self.server_process.stop()


class Spire(Server):
    """A server and its agent, running."""

    def __init__(self, folder, domain):
        super().__init__(folder, domain, programs())
        (folder / 'agent').mkdir()
        (folder / 'agent.conf').write_text(AGENT.format(**self._settings))
        (folder / 'bundle.pem').write_text(self.server('bundle', 'show'))
        said = self.server('token', 'generate', '-spiffeID', f'spiffe://{domain}/node', '-output', 'json')
        self.start_agent('-joinToken', json.loads(said)['value'])

    @property
    def socket(self):
        """What SPIFFE_ENDPOINT_SOCKET is to be."""
        return f'unix://{self.folder}/agent.sock'

    def agent(self, *words):
        """A command of the agent, as whatever identity it has."""
        return run([self._bin / 'spire-agent', *words, '-socketPath', self.folder / 'agent.sock'])

    def start_agent(self, *options):
        """The first time with its join token; a restarted one finds its identity in its folder."""
        self.agent_process = Process([self._bin / 'spire-agent', 'run', '-config', self.folder / 'agent.conf', *options], self.folder / 'agent.log')
        self._healthy(self.agent_process, 'spire-agent', 'agent.sock')

    def _entry(self, verb, entry_id, spiffe_id, path, federated, uid):
        words = [word for domain in federated for word in ('-federatesWith', f'spiffe://{domain}')]
        self.server('entry', verb, '-entryID', entry_id, '-parentID', f'spiffe://{self.domain}/node', '-spiffeID', spiffe_id,
                    '-selector', f'unix:path:{path}', '-selector', f'unix:uid:{os.getuid() if uid is None else uid}',
                    '-x509SVIDTTL', str(SVID_TTL), *words)

    def register(self, entry_id, spiffe_id, path, federated=(), uid=None):
        """An entry: the program at `path`, run by that user (unless told, ours), is `spiffe_id`. The agent hears of it within
        seconds, not at once."""
        self._entry('create', entry_id, spiffe_id, path, federated, uid)

    def update(self, entry_id, spiffe_id, path, federated=(), uid=None):
        """The same entry, changed to this."""
        self._entry('update', entry_id, spiffe_id, path, federated, uid)

    def trust(self, other):
        """Takes the bundle of another trust domain."""
        bundle = self.folder / f'{other.domain}.json'
        bundle.write_text(other.server('bundle', 'show', '-format', 'spiffe'))
        self.server('bundle', 'set', '-format', 'spiffe', '-id', f'spiffe://{other.domain}', '-path', bundle)

    def stop(self):
        self.agent_process.stop()
        super().stop()
