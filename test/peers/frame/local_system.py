"""`vsecm dev`: a whole local system of ours, for the peers to talk to."""
import re

from .processes import Process, must, run


class LocalSystem:
    """A running `vsecm dev` in FOLDER/dev, safe in it with `variables`; stop() ends it."""

    def __init__(self, vsecm, folder, workloads, *options, variables=None):
        self.vsecm = str(vsecm)
        self.folder = folder / 'dev'
        words = [word for workload in workloads for word in ('--workload', workload)]
        self._dev = Process([vsecm, 'dev', '--dir', self.folder, *words, *options], folder / 'dev.log',
                            env={'PATH': '/usr/bin:/bin', **(variables or {})})
        self._dev.wait_for('vsecm dev is ready')

    def environment(self, identity):
        """The variables that make a process that identity."""
        text = (self.folder / 'env' / identity).read_text()
        return {'PATH': '/usr/bin:/bin'} | dict(re.findall(r"^export (\w+)='(.*)'$", text, re.MULTILINE))

    def socket(self, identity):
        """The path of the Workload API of that identity."""
        return self.folder / f'identity/{identity}.sock'

    def port(self, name):
        """Of 'api', 'live' or 'ready'."""
        return int(re.search(rf'^{name}=(\d+)$', (self.folder / 'ports').read_text(), re.MULTILINE)[1])

    def run(self, identity, *words, stdin=''):
        """`vsecm WORDS...` as that identity, to its end."""
        return run([self.vsecm, *words], env=self.environment(identity), stdin=stdin)

    def sentinel(self, *words, stdin=''):
        """The operator's command, which must succeed; its standard output."""
        return must(self.run('vsecm-sentinel', 'sentinel', *words, stdin=stdin)).out

    def stop(self):
        must_be_good = self._dev.stop()
        if must_be_good:
            raise AssertionError(f'vsecm dev ended with {must_be_good}: {self._dev.log()[-2000:]}')
