#!/usr/bin/env python3
"""/metrics of every long-running role, as real processes: both formats by a strict reader, and by promtool where there is one;
then each expression of the dashboard and of the alert rules, and each name in docs/metrics.md, against what was seen.

    observability_test.py VSECM
"""
import contextlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request

import yaml

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'test/peers'))
sys.dont_write_bytecode = True
import exposition  # noqa: E402
import promql  # noqa: E402
from frame import tap  # noqa: E402
from frame.local_system import LocalSystem  # noqa: E402
from frame.processes import Process, eventually, free_port, must, scratch_folder  # noqa: E402

TEXT = 'text/plain; version=0.0.4; charset=utf-8'
OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
# Of Prometheus 2.53 and later.
ACCEPT = ('application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,'
          'text/plain;version=0.0.4;q=0.3,*/*;q=0.2')
# What Prometheus itself, or its operator, adds to every series.
TARGET_LABELS = {'job', 'instance'}
VALUE = 'xyzzy-never-to-be-seen'
ALERTS = TOP / 'manifests/observability/alerts.yaml'
DASHBOARD = TOP / 'manifests/observability/dashboard.json'
PAGE = TOP / 'docs/metrics.md'


def get(port, accept=None, method='GET'):
    """(status, content type, body) of /metrics."""
    request = urllib.request.Request(f'http://127.0.0.1:{port}/metrics', method=method, headers={'Accept': accept} if accept else {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers['Content-Type'], answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers['Content-Type'], refused.read().decode()


def families_at(port):
    status, kind, body = get(port)
    tap.same((status, kind), (200, TEXT))
    return exposition.parse(body)


def value_of(families, sample, **labels):
    """The one sample of that name and exactly those labels; None if there is none."""
    for family in families.values():
        for name, have, value in family.samples:
            if name == sample and have == labels:
                return value
    return None


def ports_file(path):
    return {name: int(port) for name, port in re.findall(r'^(\w+)=(\d+)$', path.read_text(), re.MULTILINE)} if path.exists() else {}


class Roles:
    """A system in which everything that can be counted has happened once, and the probe port of each role."""

    def __init__(self, vsecm, folder, stack, **variables):
        account = folder / 'account'
        account.mkdir()
        # An API server that nobody is: its Secrets fail, and that is counted.
        self.system = LocalSystem(vsecm, folder, ['billing', 'orders'], variables={
            'VSECM_SAFE_K8S_API_URL': f'https://127.0.0.1:{free_port()}', 'VSECM_SAFE_K8S_ACCOUNT_PATH': str(account),
            'VSECM_SAFE_ROOT_KEY_STORE': 'file', **variables})
        stack.callback(self.system.stop)
        self.folder, self.stack, self.variables = folder, stack, variables
        self.ports = {'safe': self.system.port('live'), 'safe, readiness': self.system.port('ready')}

    def launch(self, role, identity, words, more, file_variable, port_name):
        ports = self.folder / f'{role}.ports'
        process = Process([self.system.vsecm, *words], self.folder / f'{role}.log',
                          env=self.system.environment(identity) | self.variables | more | {file_variable: str(ports)})
        self.stack.callback(process.stop)
        eventually(f'{role} listens', lambda: port_name in ports_file(ports))
        self.ports[role] = ports_file(ports)[port_name]

    def launch_all(self):
        self.launch('sentinel', 'vsecm-sentinel', ['sentinel', 'serve'],
                    {'VSECM_PROBE_LIVENESS_PORT': '127.0.0.1:0', 'VSECM_SENTINEL_INIT_COMMAND_PATH': str(self.folder / 'none')},
                    'VSECM_SENTINEL_PORTS_FILE', 'live')
        self.launch('keystone', 'vsecm-keystone', ['keystone'], {'VSECM_KEYSTONE_READINESS_PORT': '127.0.0.1:0'}, 'VSECM_KEYSTONE_PORTS_FILE', 'ready')

    def launch_sidecar(self):
        self.launch('sidecar', 'orders', ['sidecar'], {'VSECM_SIDECAR_PROBE_PORT': '127.0.0.1:0', 'VSECM_SIDECAR_WAIT': '1s',
                                                       'VSECM_SIDECAR_SECRETS_PATH': str(self.folder / 'orders.json')}, 'VSECM_SIDECAR_PORTS_FILE', 'probe')


def watched(roles, before):
    """Puts, fetches, refusals, and a request that is held until its secret changes."""
    system, safe = roles.system, roles.ports['safe']
    system.sentinel('-w', 'billing', '-s', '-', stdin=VALUE)
    system.sentinel('-w', 'k8s:db', '-n', 'team-a', '-s', '-', stdin=VALUE)
    must(system.run('billing', 'inspector'))
    must(system.run('orders', 'inspector'), 6)
    must(system.run('billing', 'sentinel', '-l'), 4)  # not the sentinel: it does not even ask
    system.sentinel('-l')
    file = roles.folder / 'held.json'
    sidecar = Process([system.vsecm, 'sidecar'], roles.folder / 'held.log', env=system.environment('billing') | {'VSECM_SIDECAR_SECRETS_PATH': str(file)})
    try:
        eventually('the sidecar watches', lambda: value_of(families_at(safe), 'vsecm_watchers') == 1)
        system.sentinel('-w', 'billing', '-s', '-', stdin=VALUE + '-2')
        held = {'sample': 'vsecm_http_held_requests_total', 'route': 'fetch', 'code': '200'}
        already = value_of(before, **held) or 0  # keystone's, if it came before sentinel had given it its word
        eventually('the held request is counted', lambda: value_of(families_at(safe), **held) == already + 1)
    finally:
        sidecar.stop()
    eventually('nobody watches any more', lambda: value_of(families_at(safe), 'vsecm_watchers') == 0)
    eventually('the Kubernetes Secret fails',
               lambda: value_of(families_at(safe), 'vsecm_kubernetes_secrets', target_namespace='team-a', state='failing') == 1)


def check_safe(before, families):
    def is_(expected, sample, **labels):
        tap.same(value_of(families, sample, **labels), expected, f'{sample}{labels}')

    def grew(by, sample, **labels):
        tap.same((value_of(families, sample, **labels) or 0) - (value_of(before, sample, **labels) or 0), by, f'{sample}{labels}')
    grew(3, 'vsecm_http_requests_total', route='upsert', code='200')
    grew(1, 'vsecm_http_requests_total', route='list', code='200')
    grew(1, 'vsecm_http_requests_total', route='fetch', code='404')
    # Of the fetches with a value, the one that was held is no part of how long they take.
    answered = sum(v for n, have, v in families['vsecm_http_requests_total'].samples if have['route'] == 'fetch')
    held = sum(v for n, have, v in families['vsecm_http_held_requests_total'].samples if have['route'] == 'fetch')
    tap.same(held >= 1, True, 'held')
    is_(answered - held, 'vsecm_http_request_duration_seconds_count', route='fetch')
    grew(2, 'vsecm_secrets', state='present')
    is_(0.0, 'vsecm_secrets', state='damaged')
    grew(3, 'vsecm_store_writes_total')
    is_(0.0, 'vsecm_store_write_errors_total')
    is_(1.0, 'vsecm_store_up')
    is_(0.0, 'vsecm_sealed')
    is_(1.0, 'vsecm_ready')
    is_(1.0, 'vsecm_workload_api_up')
    grew(3, 'vsecm_store_sync_duration_seconds_count')
    now = value_of(families, 'vsecm_store_last_write_timestamp_seconds')
    tap.same(0 <= now - value_of(families, 'process_start_time_seconds') < 600, True, 'a write after the start')
    tap.same(value_of(families, 'vsecm_svid_expiry_timestamp_seconds') > now, True, 'an identity that is valid')


def expressions():
    """(where, expression)"""
    for group in yaml.safe_load(ALERTS.read_text())['groups']:
        for rule in group['rules']:
            yield rule['alert'], rule['expr']
    for panel in json.loads(DASHBOARD.read_text())['panels']:
        for target in panel['targets']:
            yield panel['title'], target['expr']


def check_expression(expression, labels_of):
    """`labels_of`: of each sample name, the values seen of each of its labels."""
    selectors, grouped = promql.selectors_of(expression)
    known = set(TARGET_LABELS)
    for one in selectors:
        if one.name not in labels_of:
            raise AssertionError(f'{one.name} is nowhere exposed')
        known |= labels_of[one.name].keys()
        for label, operator, value in one.matchers:
            if label in TARGET_LABELS:
                continue
            if label not in labels_of[one.name]:
                raise AssertionError(f'{one.name} has no label {label}')
            if operator == '=' and value not in labels_of[one.name][label]:
                raise AssertionError(f'{one.name} never has {label}={value}')
    if not grouped <= known:
        raise AssertionError(f'{grouped - known} are labels of nothing in it')


def fails(check, *arguments):
    try:
        check(*arguments)
    except (AssertionError, ValueError):
        return
    raise AssertionError(f'{arguments[0]!r} was accepted')


def labels_seen(pages):
    seen = {}
    for families in pages:
        for family in families.values():
            for name, labels, _ in family.samples:
                at = seen.setdefault(name, {})
                for label, value in labels.items():
                    at.setdefault(label, set()).add(value)
    return seen


def promtool(*words, stdin=None):
    tool = shutil.which('promtool')
    if tool is None:
        return None
    return subprocess.run([tool, *words], input=stdin, capture_output=True, text=True, timeout=60, check=False)


def case_or_skip(name, words, stdin=None):
    done = promtool(*words, stdin=stdin)
    if done is None:
        return tap.skip(name, 'needs promtool: scripts/test --peers has it')
    with tap.case(name):
        tap.same((done.returncode, done.stderr), (0, ''), done.stdout)


def the_reader_is_strict():
    good = '# HELP a_total A.\n# TYPE a_total counter\na_total{b="c"} 1\n'
    exposition.parse(good)
    for bad in (good[:-1], good + '\n', good + good, good + 'a_total{b="c"} 2\n', good.replace('a_total', 'a'), good.replace('} 1', '} 1 1'),
                good.replace('# TYPE a_total counter\n', ''), good.replace('"c"', '"c\\x"'), good.replace('b="c"', 'le="c"'), good + '# EOF\n',
                good.replace(' 1\n', ' -1\n'), good + 'c 1\n', good.replace('counter', 'summary')):
        fails(exposition.parse, bad)
    labels_of = {'vsecm_secrets': {'state': {'present'}}}
    check_expression('sum by (instance) (vsecm_secrets{state="present"}) > 1', labels_of)
    for bad in ('vsecm_secret', 'vsecm_secrets{states="present"}', 'vsecm_secrets{state="absent"}', 'sum by (route) (vsecm_secrets)', 'rat(vsecm_secrets[5m])', '1'):
        fails(check_expression, bad, labels_of)


def main(vsecm):
    with tap.case('the reader of expositions and the reader of expressions refuse what is wrong'):
        the_reader_is_strict()
    with scratch_folder() as folder, contextlib.ExitStack() as stack:
        roles = Roles(vsecm, folder, stack)
        roles.launch_all()
        with tap.case('what happens is counted'):
            eventually('sentinel and keystone are ready', lambda: all(
                value_of(families_at(roles.ports[r]), 'vsecm_ready') == 1 for r in ('sentinel', 'keystone')))
            before = families_at(roles.ports['safe'])
            watched(roles, before)
            check_safe(before, families_at(roles.ports['safe']))
        roles.launch_sidecar()
        eventually('the sidecar has heard of safe', lambda: value_of(families_at(roles.ports['sidecar']), 'vsecm_sidecar_last_success_timestamp_seconds'))
        pages, bodies = [], {}
        for role, port in roles.ports.items():
            with tap.case(f'{role}: both formats hold the same, and nothing of anybody'):
                plain = families_at(port)
                status, kind, bodies[role] = get(port, ACCEPT)
                tap.same((status, kind), (200, OPENMETRICS))
                tap.same(list(exposition.parse(bodies[role], openmetrics=True)), list(plain))
                tap.same(get(port, method='HEAD')[2], '')
                name = role.partition(',')[0]
                tap.same(plain['vsecm_build_info'].samples[0][1]['role'], name)
                for never in (VALUE, 'billing', 'orders', 'spiffe://', 'k8s:db', str(folder)):
                    if never in bodies[role]:
                        raise AssertionError(f'{never!r} is told to everybody')
                pages.append(plain)
            case_or_skip(f'{role}: promtool check metrics', ['check', 'metrics'], get(port)[2])
        seen = labels_seen(pages)
        for where, expression in expressions():
            with tap.case(f'{where}: {expression[:60]}'):
                check_expression(expression, seen)
        with tap.case('docs/metrics.md names everything, and nothing else'):
            named = set(re.findall(r'^\| `(\w+?)(?:\{[^}]*\})?` \|', PAGE.read_text(), re.MULTILINE))
            tap.same(sorted(named), sorted({name for page in pages for name in page}))
    case_or_skip('promtool check rules', ['check', 'rules', str(ALERTS)])
    with scratch_folder() as folder, contextlib.ExitStack() as stack, tap.case('VSECM_METRICS=off: no such page, on any port'):
        roles = Roles(vsecm, folder, stack, VSECM_METRICS='off')
        roles.launch_all()
        roles.launch_sidecar()
        for role, port in roles.ports.items():
            tap.same(get(port)[0], 404, role)
    tap.finish()


main(pathlib.Path(sys.argv[1]).resolve())
