"""The real kubectl, as somebody who may do everything."""
import json
import os

from cluster import ADMIN
from frame.processes import must, run


class Kubectl:
    """Calls it with a configuration of its own; `environment` lets a shell do the same."""

    def __init__(self, cluster, folder):
        config = folder / 'kubeconfig'
        config.write_text(json.dumps({
            'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'suite',
            'clusters': [{'name': 'suite', 'cluster': {'server': f'https://127.0.0.1:{cluster.port}', 'certificate-authority': str(cluster.ca)}}],
            'users': [{'name': 'suite', 'user': {'token': ADMIN}}],
            'contexts': [{'name': 'suite', 'context': {'cluster': 'suite', 'user': 'suite'}}]}))
        self.environment = {'PATH': os.environ['PATH'], 'HOME': str(folder), 'KUBECONFIG': str(config), 'LC_ALL': 'C.UTF-8'}

    def run(self, *words, stdin=''):
        return run(['kubectl', *words], env=self.environment, stdin=stdin, deadline=120)

    def __call__(self, *words, stdin=''):
        """A command that must succeed; what it printed, warnings included."""
        done = must(self.run(*words, stdin=stdin))
        return done.out + done.err
