"""`k8s:` names as Secrets of a real server: what becomes of them, with which rights, and what goes with them."""
import threading
import time

from cluster import data, managers
from frame import tap
from frame.processes import eventually
from manifests import SYSTEM, USUAL, add_spaces, allow, built, without
from pod import OURS, Safe


def names(cluster, safe):
    add_spaces(cluster, 'team-a', 'team-b')
    with tap.case('a name becomes a Secret in each of its namespaces'):
        safe.put('k8s:db', '{"username":"root","password":"a,b"}', 'team-a', 'team-b')
        for space in ('team-a', 'team-b'):
            safe.until('k8s:db', space, 'synced')
            secret = cluster.secret(space, 'db')
            tap.same(data(secret), {'username': 'root', 'password': 'a,b'})
            tap.same(secret['metadata']['labels'], OURS)
            tap.same((secret['type'], 'annotations' in secret['metadata']), ('Opaque', False))
    with tap.case('and follows it: other keys, an append, a template, bytes of any kind'):
        safe.put('k8s:db', '{"username":"admin","port":"5432"}', 'team-a', 'team-b')
        for space in ('team-a', 'team-b'):
            cluster.until_holds(space, 'db', {'username': 'admin', 'port': '5432'})
        safe.put('k8s:list', 'one', 'team-a')
        safe.put('k8s:list', 'two', 'team-a', words=['-a'])
        cluster.until_holds('team-a', 'list', {'VALUE': '["two","one"]'})
        safe.put('k8s:made', '{"u":"root","p":"a,\\"b"}', 'team-a', words=['-t', '{"USER":"{{.u}}","GONE":"{{.none}}"}'])
        cluster.until_holds('team-a', 'made', {'USER': 'root', 'GONE': '<no value>'})
        safe.put('k8s:odd', 'ünïcode \t "quoted" \\ end', 'team-a')
        cluster.until_holds('team-a', 'odd', {'VALUE': 'ünïcode \t "quoted" \\ end'})
        safe.put('k8s:large', 'x' * 1_000_000, 'team-a')
        safe.until('k8s:large', 'team-a', 'synced')
    with tap.case('keys that came by an apply go by the next; keys, labels and annotations of others live on'):
        cluster.change('team-a', 'db', {'data': {'theirs': 'eA=='}, 'metadata': {'labels': {'team': 'a'}, 'annotations': {'note': 'n'}}})
        safe.put('k8s:db', '{"username":"admin","port":"5432","added":"1"}', 'team-a', 'team-b')
        cluster.until_holds('team-a', 'db', {'username': 'admin', 'port': '5432', 'added': '1', 'theirs': 'x'})
        safe.put('k8s:db', '{"username":"admin","port":"5432"}', 'team-a', 'team-b')
        cluster.until_holds('team-a', 'db', {'username': 'admin', 'port': '5432', 'theirs': 'x'})
        safe.put('k8s:db', '{"username":"admin"}', 'team-a', 'team-b')
        cluster.until_holds('team-a', 'db', {'username': 'admin', 'theirs': 'x'})
        there = cluster.secret('team-a', 'db')
        tap.same((there['metadata']['labels'], there['metadata']['annotations']), (OURS | {'team': 'a'}, {'note': 'n'}))
        tap.same({('vsecm', 'Apply'), ('somebody', 'Update')} <= managers(there), True, f'{managers(there)}')
    with tap.case('what is changed or removed by hand is mended'):
        cluster.change('team-a', 'db', {'data': {'username': 'Y2hhbmdlZA=='}})
        cluster.until_holds('team-a', 'db', {'username': 'admin', 'theirs': 'x'})
        cluster.ask('DELETE', '/api/v1/namespaces/team-b/secrets/db')
        cluster.until_holds('team-b', 'db', {'username': 'admin'})
    with tap.case('a Secret of somebody else is left alone, and taken when it is handed over'):
        theirs = {'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': 'theirs'}, 'stringData': {'VALUE': 'theirs', 'more': 'x'}}
        cluster.ask('POST', '/api/v1/namespaces/team-a/secrets', theirs)
        safe.put('k8s:theirs', 'ours', 'team-a')
        safe.until('k8s:theirs', 'team-a', 'failing', "somebody else's")
        tap.same(data(cluster.secret('team-a', 'theirs')), {'VALUE': 'theirs', 'more': 'x'})
        cluster.change('team-a', 'theirs', {'metadata': {'labels': OURS}})
        cluster.until_holds('team-a', 'theirs', {'VALUE': 'ours', 'more': 'x'})
    with tap.case('what the API server does not take is told, without a byte of the value, and nothing else waits for it'):
        tls = {'apiVersion': 'v1', 'kind': 'Secret', 'type': 'kubernetes.io/tls', 'metadata': {'name': 'pair', 'labels': OURS},
               'stringData': {'tls.crt': 'c', 'tls.key': 'k'}, 'immutable': True}
        cluster.ask('POST', '/api/v1/namespaces/team-a/secrets', tls)
        safe.put('k8s:pair', '{"tls.crt":"TopSecret"}', 'team-a')
        safe.until('k8s:pair', 'team-a', 'failing', 'immutable')
        safe.put('k8s:toolarge', 'TopSecret' + 'x' * 1_048_576, 'team-a')
        safe.until('k8s:toolarge', 'team-a', 'failing', 'FieldValueTooLong')
        safe.put('k8s:db', '{"username":"admin"}', 'team-a', 'nowhere')
        safe.until('k8s:db', 'nowhere', 'failing', 'nowhere')
        safe.put('k8s:good', '1', 'team-a')
        safe.until('k8s:good', 'team-a', 'synced')
        tap.same('TopSecret' in safe.log(), False)
    with tap.case('somebody who writes all the time is neither overwritten nor in the way'):
        end = threading.Event()
        done = []

        def write():
            while not end.is_set():
                cluster.change('team-a', 'busy', {'metadata': {'labels': {'round': f'r{len(done)}'}}})
                done.append(1)
        safe.put('k8s:busy', '{"a":"0"}', 'team-a')
        safe.until('k8s:busy', 'team-a', 'synced')
        writer = threading.Thread(target=write)
        writer.start()
        try:
            for i in range(1, 6):
                # By turns with another key and without it, so that applies and replaces both happen.
                safe.put('k8s:busy', f'{{"a":"{i}"}}' if i % 2 else f'{{"a":"{i}","b":"1"}}', 'team-a')
                cluster.until_holds('team-a', 'busy', {'a': str(i)} if i % 2 else {'a': str(i), 'b': '1'})
        finally:
            end.set()
            writer.join()
        tap.same(cluster.secret('team-a', 'busy')['metadata']['labels']['round'], f'r{len(done) - 1}')
    with tap.case('by default the Secret stays when its name is deleted'):
        safe.sentinel('-w', 'k8s:good', '-d')
        eventually('it is not looked after any more', lambda: ('k8s:good', 'team-a') not in safe.mirrored())
        tap.same(data(cluster.secret('team-a', 'good')), {'VALUE': '1'})


def rights(cluster, safe):
    with tap.case('the rights of the manifests are enough, and each of them is used'):
        asked = list(cluster.audited())
        # Nobody gave it a Role in `nowhere`; in its own namespace each right was taken away once, above.
        refused = {one[:4] for one in asked if one[4] == 403 and one[2] != 'nowhere'}
        of_system = {('create', 'secrets', SYSTEM, '')} | {(verb, 'secrets', SYSTEM, 'vsecm-root-key') for verb in ('get', 'update')}
        tap.same(refused, of_system, 'refused')
        used = {space: {one[0] for one in asked if one[2] == space and one[4] < 300} for space in (SYSTEM, 'team-a')}
        tap.same(used, {SYSTEM: {'get', 'create', 'update'}, 'team-a': USUAL})
        tap.same({one[1] for one in asked}, {'secrets'}, 'resources')
        tap.same({one[3] for one in asked if one[2] == SYSTEM and one[0] != 'create'}, {'vsecm-root-key'}, 'Secrets of the system')
    add_spaces(cluster, 'rights')
    for verb in ('get', 'create'):
        with tap.case(f'without the right to {verb} it fails, and says so'):
            with without(cluster, verb, 'rights'):
                safe.put(f'k8s:no-{verb}', '1', 'rights')
                safe.until(f'k8s:no-{verb}', 'rights', 'failing', f'may not {verb}')
            safe.until(f'k8s:no-{verb}', 'rights', 'synced')
    with tap.case("without the right to patch it reads, merges and replaces, as with the original's role"):
        with without(cluster, 'patch', 'rights'):
            safe.put('k8s:merged', '{"a":"1","b":"2"}', 'rights')
            safe.until('k8s:merged', 'rights', 'synced')
            cluster.change('rights', 'merged', {'data': {'theirs': 'eA=='}, 'metadata': {'labels': {'team': 'a'}}})
            safe.put('k8s:merged', '{"a":"3"}', 'rights')
            cluster.until_holds('rights', 'merged', {'a': '3', 'theirs': 'x'})
            tap.same(cluster.secret('rights', 'merged')['metadata']['labels'], OURS | {'team': 'a'})
            safe.until('k8s:merged', 'rights', 'synced')
    with tap.case('without the right to update a key that was made with the Secret cannot be taken out, and that is said'):
        with without(cluster, 'update', 'rights'):
            safe.put('k8s:added', '{"a":"1","b":"2"}', 'rights')
            cluster.until_holds('rights', 'added', {'a': '1', 'b': '2'})
            safe.put('k8s:added', '{"a":"1","b":"2","c":"3"}', 'rights')
            cluster.until_holds('rights', 'added', {'a': '1', 'b': '2', 'c': '3'})
            safe.put('k8s:added', '{"a":"1"}', 'rights')
            safe.until('k8s:added', 'rights', 'failing', 'may not update')
        cluster.until_holds('rights', 'added', {'a': '1'})
    with tap.case('a token that is no good any more is told, and the next one is used'):
        account = safe.account
        account.unbind('safe-0')
        safe.put('k8s:token', '1', 'team-a')
        safe.until('k8s:token', 'team-a', 'failing', '401')
        account.bind('safe-1')
        safe.until('k8s:token', 'team-a', 'synced')


def seconds_from_now(count):
    """RFC 3339."""
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + count))


def going(cluster, system, account, folder):
    add_spaces(cluster, 'go-a', 'go-b')
    with_delete = built('components/k8s-secrets-delete')
    safe = Safe(system, account, folder, 'one', VSECM_SAFE_K8S_SECRET_DELETE='delete', VSECM_SAFE_ENFORCE_DATES='true')
    safe.start()
    with tap.case('without the right to delete a Secret stays, and that is said; with it, it goes'):
        safe.put('k8s:db', '1', 'go-a', 'go-b')
        for space in ('go-a', 'go-b'):
            safe.until('k8s:db', space, 'synced')
        safe.sentinel('-w', 'k8s:db', '-d')
        safe.until('k8s:db', 'go-a', 'failing', 'may not delete')
        allow(cluster, 'go-a', with_delete)
        eventually('it is gone', lambda: cluster.secret('go-a', 'db') is None)
        tap.same(data(cluster.secret('go-b', 'db')), {'VALUE': '1'})
    with tap.case('what could not go before a restart, with the API server away in between, goes after it'):
        safe.kill()
        cluster.end_server()
        cluster.start()
        safe.start()
        allow(cluster, 'go-b', with_delete)
        eventually('it is gone', lambda: cluster.secret('go-b', 'db') is None)
    with tap.case('a namespace that is taken from a name while the API server is away loses its Secret'):
        safe.put('k8s:moved', '{"a":"1"}', 'go-a', 'go-b')
        for space in ('go-a', 'go-b'):
            safe.until('k8s:moved', space, 'synced')
        cluster.change('go-b', 'moved', {'data': {'theirs': 'eA=='}})
        cluster.end_server()
        safe.put('k8s:moved', '{"a":"2"}', 'team-a')
        safe.kill()
        cluster.start()
        safe.start()
        safe.until('k8s:moved', 'team-a', 'synced')
        eventually('it is gone', lambda: cluster.secret('go-a', 'moved') is None)
        cluster.until_holds('go-b', 'moved', {'theirs': 'x'})  # theirs lives on, ours is gone
    with tap.case('with dates enforced there is no Secret before the first and after the last'):
        safe.put('k8s:dated', '1', 'go-a', 'go-b', words=['-N', seconds_from_now(10), '-E', seconds_from_now(18)])
        for space in ('go-a', 'go-b'):
            safe.until('k8s:dated', space, 'synced')
            tap.same(cluster.secret(space, 'dated'), None)
        for space in ('go-a', 'go-b'):
            cluster.until_holds(space, 'dated', {'VALUE': '1'})
        cluster.change('go-b', 'dated', {'data': {'theirs': 'eA=='}})
        eventually('it is gone', lambda: cluster.secret('go-a', 'dated') is None)
        cluster.until_holds('go-b', 'dated', {'theirs': 'x'})
        safe.put('k8s:dated', '2', 'go-b')
        cluster.until_holds('go-b', 'dated', {'VALUE': '2', 'theirs': 'x'})
    with tap.case('what was asked of the API server is what the Role with delete allows'):
        used = {one[0] for one in cluster.audited() if one[2] == 'go-b'}
        tap.same(used <= USUAL | {'delete'}, True, f'{used}')
    safe.stop()
