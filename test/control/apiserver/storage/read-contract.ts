import type { Test } from 'tap';
import type {
  ListPage,
  ListQuery,
  OpenStorage,
} from '../../../../src/control/apiserver/storage/index.js';
import type { Subject } from './storage-contract.js';
import {
  create,
  failureOf,
  isColor,
  listQuery,
  paint,
  pathsOf,
  remove,
  thing,
  Watching,
} from './things.js';

let compacted = 0;

/** Getting and listing. */
export async function readContract(t: Test, subject: Subject): Promise<void> {
  t.test('get: at any freshness', async (t) => {
    const storage = await subject.open(t);
    const first = await create(storage, thing('a/x', { color: 'red' }));
    const second = await paint(storage, 'a/x', { color: 'blue' });
    const { revision } = second;
    const latest = await storage.get('a', 'x', { at: 'latest' });
    t.equal(latest.revision, revision);
    t.equal((await storage.get('a', 'x', { at: 'not-older', revision })).revision, revision);
    const old = await storage.get('a', 'x', { at: 'exact', revision: first.revision });
    t.same(old.object, first.object);
    await storage.list(listQuery());
    t.equal((await storage.get('a', 'x', { at: 'any' })).revision, revision);
  });

  t.test('get: 404 names the resource and the object', async (t) => {
    const storage = await subject.open(t);
    for (const freshness of [{ at: 'latest' }, { at: 'any' }] as const) {
      t.match(await failureOf(storage.get('a', 'x', freshness)), {
        status: {
          code: 404,
          message: 'things.test.dev "x" not found',
          details: { name: 'x', group: 'test.dev', kind: 'things' },
        },
      });
    }
  });

  t.test('list: scopes, in the order of namespace and name', async (t) => {
    const storage = await subject.open(t);
    const paths = ['b/y', 'a/z', 'a-b/x', 'a/x', 'ab/x', 'a/x-1'];
    for (const path of paths) await create(storage, thing(path));
    const list = async (query: Partial<ListQuery>) => pathsOf(await storage.list(listQuery(query)));
    t.same(await list({}), ['a-b/x', 'a/x', 'a/x-1', 'a/z', 'ab/x', 'b/y']);
    t.same(await list({ namespace: 'a' }), ['a/x', 'a/x-1', 'a/z']);
    t.same(await list({ namespace: 'a', name: 'x' }), ['a/x']);
    t.same(await list({ name: 'x' }), ['a-b/x', 'a/x', 'ab/x']);
    t.same(await list({ namespace: 'none' }), []);
    t.equal(await storage.count(), paths.length);
  });

  t.test('list: names that are not ASCII keep the order of the store', async (t) => {
    const storage = await subject.open(t, { isNamespaced: false });
    const names = ['é', 'z', 'a', '\u{1f600}', '\uffee'];
    for (const name of names) await create(storage, thing(name));
    const whole = pathsOf(await storage.list(listQuery()));
    t.same(whole, ['a', 'z', 'é', '\uffee', '\u{1f600}']);
    t.same(await allPages(storage, { limit: 1 }), whole);
    t.same(pathsOf(await storage.list(listQuery({ name: 'é' }))), ['é']);
  });

  t.test('list: without namespaces', async (t) => {
    const storage = await subject.open(t, { isNamespaced: false });
    for (const name of ['b', 'a', 'c']) await create(storage, thing(name));
    t.same(pathsOf(await storage.list(listQuery())), ['a', 'b', 'c']);
    t.same(pathsOf(await storage.list(listQuery({ name: 'b' }))), ['b']);
  });

  t.test('list: pages are of the revision of the first, whatever happens meanwhile', async (t) => {
    const storage = await subject.open(t);
    const paths = Array.from({ length: 10 }, (_, i) => `a/x${i}`);
    for (const path of paths) await create(storage, thing(path, { color: 'old' }));
    const first = await storage.list(listQuery({ limit: 4 }));
    t.same(pathsOf(first), paths.slice(0, 4));
    t.equal(first.remainingCount, 6);
    await create(storage, thing('a/x45'));
    await remove(storage, 'a/x5');
    await paint(storage, 'a/x6', { color: 'new' });
    const next = (page: ListPage, query: Partial<ListQuery> = {}) =>
      storage.list(
        listQuery({
          limit: 4,
          afterKey: page.nextKey!,
          freshness: { at: 'exact', revision: page.revision },
          ...query,
        }),
      );
    const second = await next(first);
    t.same(pathsOf(second), paths.slice(4, 8));
    t.equal(second.remainingCount, 2);
    t.equal(second.revision, first.revision);
    t.same((second.items[2]!.object as ReturnType<typeof thing>).spec, { color: 'old' });
    const third = await next(second);
    t.same(pathsOf(third), paths.slice(8));
    t.equal(third.nextKey, null);
    t.equal(third.remainingCount, null);
    t.same(
      pathsOf(await next(first, { freshness: { at: 'latest' }, limit: 0 })),
      ['a/x4', 'a/x45', 'a/x6', 'a/x7', 'a/x8', 'a/x9'],
      'and may go on at the latest one',
    );
  });

  t.test('list: a filter is asked until the page is full', async (t) => {
    const storage = await subject.open(t);
    const filter = isColor('red');
    const pathAt = (i: number) => `a/x${String(i).padStart(3, '0')}`;
    const things = Array.from({ length: 300 }, (_, i) =>
      thing(pathAt(i), { color: i % 50 === 49 ? 'red' : 'blue' }),
    );
    await Promise.all(things.map((object) => create(storage, object)));
    const page = await storage.list(listQuery({ filter, limit: 2 }));
    t.same(pathsOf(page), ['a/x049', 'a/x099']);
    t.equal(page.remainingCount, null);
    t.same(await allPages(storage, { filter, limit: 4 }), [49, 99, 149, 199, 249, 299].map(pathAt));
    t.equal((await storage.list(listQuery({ filter }))).items.length, 6);
  });

  t.test('list: a key to start after cannot lead out of the range', async (t) => {
    const storage = await subject.open(t);
    const other = await subject.open(t);
    await create(other, thing('a/x'));
    for (const path of ['a/x', 'b/x']) await create(storage, thing(path));
    const list = async (query: Partial<ListQuery>) => pathsOf(await storage.list(listQuery(query)));
    t.same(await list({ namespace: 'a', afterKey: 'zzz' }), []);
    t.same(await list({ namespace: 'b', afterKey: '0' }), ['b/x']);
    t.same(await list({ afterKey: '\u{10ffff}' }), []);
    t.same(await list({ afterKey: '\ud800' }), []);
    t.same(await list({ afterKey: '../' }), ['a/x', 'b/x']);
  });

  t.test('list and watch: a revision that is compacted is 410', async (t) => {
    const prefix = `/registry/compacted-${++compacted}`;
    const storage = await subject.open(t, { prefix });
    const first = await create(storage, thing('a/w'));
    for (const name of ['x', 'y', 'z']) await create(storage, thing(`a/${name}`));
    const last = await create(storage, thing('a/zz'));
    await subject.client.kv.compact(last.revision);
    const fresh = await subject.open(t, { prefix });
    const freshness = { at: 'exact', revision: first.revision } as const;
    t.match(await failureOf(fresh.list(listQuery({ freshness }))), {
      message: 'The resourceVersion for the provided list is too old.',
      status: { code: 410, reason: 'Expired' },
    });
    const page = listQuery({ freshness, afterKey: 'a/w', limit: 1 });
    t.match(await failureOf(fresh.list(page)), {
      message: /^The provided continue parameter is too old to display a consistent list result\. /,
      status: { code: 410, reason: 'Expired' },
    });
    const watching = new Watching(fresh, { afterRevision: first.revision });
    t.match(await failureOf(watching.take(1)), {
      message: new RegExp(`^too old resource version: ${first.revision} \\(\\d+\\)$`),
      status: { code: 410, reason: 'Expired' },
    });
    await watching.close();
  });

  t.test('list: exact revisions', async (t) => {
    const storage = await subject.open(t);
    const first = await create(storage, thing('a/x'));
    const second = await create(storage, thing('a/y'));
    await create(storage, thing('a/z'));
    const at = (revision: number, query: Partial<ListQuery> = {}) =>
      storage.list(listQuery({ freshness: { at: 'exact', revision }, ...query }));
    t.same(pathsOf(await at(first.revision)), ['a/x']);
    t.equal((await at(first.revision)).revision, first.revision);
    t.same(pathsOf(await at(second.revision)), ['a/x', 'a/y']);
  });

  t.test('list: a revision that is not there yet is 504', async (t) => {
    const storage = await subject.open(t);
    const { revision } = await create(storage, thing('a/x'));
    const future = revision + 1000;
    for (const at of ['not-older', 'exact'] as const) {
      const query = listQuery({ freshness: { at, revision: future } });
      t.match(await failureOf(storage.list(query)), {
        message: new RegExp(`^Timeout: Too large resource version: ${future}, current: \\d+$`),
        status: {
          code: 504,
          reason: 'Timeout',
          details: {
            causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
            retryAfterSeconds: 1,
          },
        },
      });
    }
  });

  t.test('list: what is latest is never older than a write that was answered', async (t) => {
    const storage = await subject.open(t);
    const elsewhere = await subject.open(t);
    for (let i = 0; i < 30; i++) {
      await create(storage, thing(`a/x${i}`));
      if (i % 3 === 0) await create(elsewhere, thing(`a/x${i}`));
      const pages = await Promise.all([1, 2, 3].map(() => storage.list(listQuery())));
      for (const page of pages) t.equal(page.items.length, i + 1);
    }
  });
}

/** All pages, each at the revision of the first. */
async function allPages(storage: OpenStorage, query: Partial<ListQuery>): Promise<string[]> {
  let page = await storage.list(listQuery(query));
  const paths = pathsOf(page);
  while (page.nextKey !== null) {
    const freshness = { at: 'exact', revision: page.revision } as const;
    page = await storage.list(listQuery({ ...query, freshness, afterKey: page.nextKey }));
    paths.push(...pathsOf(page));
  }
  return paths;
}
