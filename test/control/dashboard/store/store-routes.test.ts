/** What the API server tells of its store, and whom. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { silentLogger } from '../../../../src/base/logger.js';
import { connect } from '../../../../src/client/index.js';
import { startTestEnv } from '../../../../src/cmd/testenv/index.js';
import type { ClusterRoleBinding } from '../../../../src/control/api/gen/rbac-v1.js';
import { apiResource, resources } from '../../../../src/control/client/index.js';
import type {
  KeyHistory,
  KeyListing,
  KeyValueRecord,
  LeaseList,
  StoreStatus,
  WatchLine,
} from '../../../../src/control/dashboard/model/store-documents.js';
import { hostClock } from '../../../../src/host/clock.js';
import { WebClient } from '../../../../src/rpc/web-client.js';
import { until } from '../../../client/until.js';

const rbac = 'rbac.authorization.k8s.io';
const clusterRoleBindings = apiResource<ClusterRoleBinding>(
  `${rbac}/v1`,
  'clusterrolebindings',
  'ClusterRoleBinding',
);

t.test('/flotilla/store', async (t) => {
  const tokens = join(t.testdir({ 'tokens.csv': 'reader-token,reader,1\n' }), 'tokens.csv');
  const env = await startTestEnv({ apiServerFlags: [`--token-auth-file=${tokens}`] });
  t.teardown(() => env.close());
  const store = connect({ endpoints: [env.storeUrl], logger: silentLogger });
  t.teardown(() => store.close());
  const web = new WebClient({ clock: hostClock });
  t.teardown(async () => web.close());
  const admin = /token: (\S+)/.exec(await readFile(env.kubeconfig, 'utf8'))?.[1] ?? '';
  const ask = async (path: string, { token = admin, method = 'GET' } = {}) => {
    const headers: Record<string, string> =
      token === '' ? {} : { authorization: `Bearer ${token}` };
    const url = `${env.url}/flotilla/store/${path}`;
    return web.request({ url, method, headers, tls: { isUnverified: true } });
  };
  const get = async <T>(path: string): Promise<T> => {
    const { status, body } = await ask(path);
    const text = await textOf(body);
    if (status !== 200) throw new Error(`${status}: ${text}`);
    return JSON.parse(text) as T;
  };
  const query = (fields: Record<string, string>) => new URLSearchParams(fields).toString();

  await t.test('status: each member says how it is', async (t) => {
    const { members, alarms } = await get<StoreStatus>('status');
    t.equal(members.length, 1);
    t.match(members[0], { name: 'testenv', isLearner: false, problem: '' });
    t.equal(members[0]?.state?.leader, members[0]?.id);
    t.ok(Number(members[0]?.state?.revision) > 1);
    t.strictSame(alarms, []);
  });

  await t.test('keys: folders and keys, page by page as in one', async (t) => {
    const names = ['a', 'a/1', 'a/2', 'a/b/c', 'b', 'c/', 'c/x', 'd//e', 'é/f', 'z\\'];
    for (const name of names) await store.kv.put(`/t/${name}`, name);
    const whole = await get<KeyListing>(`keys?${query({ prefix: '/t/' })}`);
    t.equal(whole.count, names.length);
    t.strictSame(whole.folders, [
      { prefix: '/t/a/', count: 3 },
      { prefix: '/t/c/', count: 2 },
      { prefix: '/t/d/', count: 1 },
      { prefix: '/t/é/', count: 1 },
    ]);
    t.strictSame(
      whole.keys.map(({ key }) => key),
      ['/t/a', '/t/b', '/t/z\\\\'],
    );
    t.equal(whole.next, '');
    for (const limit of ['1', '2', '3', '7']) {
      const [folders, keys]: [string[], string[]] = [[], []];
      let after = '';
      do {
        const page = await get<KeyListing>(`keys?${query({ prefix: '/t/', limit, after })}`);
        t.ok(page.folders.length + page.keys.length <= Number(limit));
        folders.push(...page.folders.map(({ prefix }) => prefix));
        keys.push(...page.keys.map(({ key }) => key));
        after = page.next;
      } while (after !== '');
      t.strictSame(
        folders,
        whole.folders.map(({ prefix }) => prefix),
        limit,
      );
      t.strictSame(
        keys,
        whole.keys.map(({ key }) => key),
        limit,
      );
    }
    t.match(await get<KeyListing>(`keys?${query({ prefix: '/nothing/' })}`), {
      count: 0,
      keys: [],
      next: '',
    });
    t.ok((await get<KeyListing>('keys')).count > names.length);
  });

  await t.test('keys/value: text and bytes, now and at a revision', async (t) => {
    const first = await store.kv.put('/v', 'one');
    await store.kv.put('/v', Uint8Array.of(0xff, 0));
    const now = await get<KeyValueRecord>(`keys/value?${query({ key: '/v' })}`);
    t.match(now, { version: '2', sizeBytes: 2, value: { encoding: 'base64', data: '/wA=' } });
    const revision = String(first.header.revision);
    const then = await get<KeyValueRecord>(`keys/value?${query({ key: '/v', revision })}`);
    t.match(then, {
      version: '1',
      modRevision: revision,
      value: { encoding: 'utf-8', data: 'one' },
    });
  });

  await t.test(
    'keys/history: all that is known, over deletions, and from where on after a compaction',
    async (t) => {
      await store.kv.put('/h', '1');
      await store.kv.put('/hh', 'another key');
      const second = await store.kv.put('/h', '2');
      await store.kv.delete('/h');
      await store.kv.put('/h', '3');
      const path = `keys/history?${query({ key: '/h' })}`;
      const whole = await get<KeyHistory>(path);
      const told = ({ changes }: KeyHistory) =>
        changes.map((change) => (change.type === 'put' ? change.value.data : change.type));
      t.strictSame(told(whole), ['1', '2', 'delete', '3']);
      t.equal(whole.compactRevision, '0');
      await store.kv.compact(second.header.revision);
      const rest = await get<KeyHistory>(path);
      t.strictSame(told(rest), ['2', 'delete', '3']);
      t.equal(rest.compactRevision, String(second.header.revision));
      await store.kv.delete('/h');
      t.strictSame(told(await get<KeyHistory>(path)), ['2', 'delete', '3', 'delete']);
      t.strictSame(told(await get<KeyHistory>(`keys/history?${query({ key: '/never' })}`)), []);
    },
  );

  await t.test('keys/watch: a line when it stands, and one for each change', async (t) => {
    const { status, body } = await ask(`keys/watch?${query({ prefix: '/w/' })}`);
    t.equal(status, 200);
    const lines = linesOf(body);
    const next = async () => (await lines.next()).value as WatchLine;
    const start = await next();
    t.equal(start.type, 'start');
    await store.kv.put('/w/a', 'x');
    await store.kv.put('/other', 'x');
    await store.kv.delete('/w/a');
    t.match(await next(), { type: 'put', key: '/w/a', value: { data: 'x' } });
    t.match(await next(), { type: 'delete', key: '/w/a' });
    await store.kv.put('/w/long', 'x'.repeat(20_000));
    t.match(await next(), { type: 'put', sizeBytes: 20_000, value: { data: '' } });
    await lines.return(undefined);
    const after = start.type === 'start' ? start.revision : '';
    const again = linesOf((await ask(`keys/watch?${query({ prefix: '/w/', after })}`)).body);
    t.strictSame((await again.next()).value, start);
    t.match((await again.next()).value, { type: 'put', key: '/w/a' });
    await again.return(undefined);
    const gone = linesOf((await ask(`keys/watch?${query({ prefix: '/w/', after: '1' })}`)).body);
    const told: WatchLine[] = [];
    for await (const line of gone) told.push(line);
    t.match(told.at(-1), { type: 'error', code: 410 });
  });

  await t.test('leases: what hangs on them', async (t) => {
    const { ID } = await store.lease.grant(1000);
    await store.kv.put('/leased', 'x', { lease: ID });
    const { leases } = await get<LeaseList>('leases');
    const own = leases.find(({ keys }) => keys.includes('/leased'));
    t.match(own, { grantedSeconds: '1000', keyCount: 1 });
    const { lease } = await get<KeyValueRecord>(`keys/value?${query({ key: '/leased' })}`);
    t.equal(lease, own?.id);
  });

  await t.test('what cannot be answered is refused with a reason', async (t) => {
    const refused: readonly (readonly [path: string, status: number, message: RegExp])[] = [
      ['keys/value', 400, /name the key/],
      [`keys/value?${query({ key: '/absent' })}`, 404, /\/absent is not in the store/],
      [`keys/value?${query({ key: '/v', revision: '1' })}`, 410, /compacted/],
      [`keys/value?${query({ key: '/v', revision: '999999999' })}`, 400, /future revision/],
      [`keys/value?${query({ key: '/v', revision: '-1' })}`, 400, /no whole number/],
      [`keys?${query({ prefix: '\\q' })}`, 400, /no key/],
      [`keys?${query({ limit: '1e3' })}`, 400, /no whole number/],
      ['nothing', 404, /not found/],
    ];
    for (const [path, status, message] of refused) {
      const answer = await ask(path);
      t.equal(answer.status, status, path);
      t.match(await textOf(answer.body), message, path);
    }
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const answer = await ask('keys', { method });
      t.equal(answer.status, 405, method);
      await textOf(answer.body);
    }
  });

  await t.test('who may ask is a matter of non-resource URLs', async (t) => {
    const token = 'reader-token';
    const statusOf = async (path: string) => {
      const { status, body } = await ask(path, { token });
      await textOf(body);
      return status;
    };
    t.equal(await statusOf('status'), 403);
    t.equal(await statusOf('keys'), 403);
    await env.client.objects(resources.clusterRoles).create({
      metadata: { name: 'store-status' },
      rules: [{ nonResourceURLs: ['/flotilla/store/status'], verbs: ['get'] }],
    });
    await env.client.objects(clusterRoleBindings).create({
      metadata: { name: 'store-status' },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'store-status' },
      subjects: [{ apiGroup: rbac, kind: 'User', name: 'reader' }],
    });
    await until('the role counts', async () => (await statusOf('status')) === 200, 60_000);
    for (const path of [
      'keys',
      'keys/value?key=/v',
      'keys/history?key=/v',
      'keys/watch',
      'leases',
    ]) {
      t.equal(await statusOf(path), 403, path);
    }
    const nobody = await ask('status', { token: '' });
    t.equal(nobody.status, 401);
    await textOf(nobody.body);
  });
});

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) text += decoder.decode(chunk, { stream: true });
  return text;
}

async function* linesOf(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<WatchLine, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) yield JSON.parse(part) as WatchLine;
  }
}
