import t from 'tap';
import {
  KV,
  type PartialMessage,
  type RangeRequest,
  type TxnRequest,
} from '../../src/wire/index.js';
import { Cluster } from '../e2e/cluster.js';
import { kindUnderTest } from '../e2e/kind.js';
import { needs } from '../e2e/project.js';
import { errorOf, RawClient } from '../e2e/raw-client.js';

/** What Debian's etcdctl has no option for: requests sent as they are to etcd and to our cluster, with equal answers. */

const bytes = (text: string) => Buffer.from(text);
const all = { key: bytes('k/'), rangeEnd: bytes('k0') };
const prefix = (extra: PartialMessage<RangeRequest>) => ({ ...all, ...extra });

/** Revisions 2 to 11: eight keys, one overwritten twice, one deleted. */
const fill: readonly (readonly [key: string, value: string] | readonly [deleted: string])[] = [
  ['k/a', '9'],
  ['k/b', '3'],
  ['k/c', '7'],
  ['k/d', '1'],
  ['k/b', '4'],
  ['k/e', '8'],
  ['k/f', '2'],
  ['k/e'],
  ['k/b', '5'],
  ['k/g', '6'],
];

const ranges: Readonly<Record<string, PartialMessage<RangeRequest>>> = {
  'count only': prefix({ countOnly: true }),
  'count only with a limit': prefix({ countOnly: true, limit: 2 }),
  'count only of one key': { key: bytes('k/a'), countOnly: true },
  'count only of no key': { key: bytes('absent'), countOnly: true },
  'count only at an old revision': prefix({ countOnly: true, revision: 4 }),
  'keys only with a limit': prefix({ keysOnly: true, limit: 3 }),
  'at the first revision': prefix({ revision: 1 }),
  "at each key's first": prefix({ revision: 2 }),
  'before the deletion': prefix({ revision: 8 }),
  'at the deletion': prefix({ revision: 9 }),
  'at a negative revision': prefix({ revision: -5 }),
  'at a future revision': prefix({ revision: 12 }),
  'modified at least': prefix({ minModRevision: 6 }),
  'modified at most': prefix({ maxModRevision: 5 }),
  'modified between, sorted, limited': prefix({
    minModRevision: 3,
    maxModRevision: 11,
    sortTarget: 4,
    sortOrder: 2,
    limit: 2,
  }),
  'created at least': prefix({ minCreateRevision: 5 }),
  'created at most': prefix({ maxCreateRevision: 3 }),
  'filtered to nothing': prefix({ minModRevision: 100 }),
  'filtered and limited': prefix({ minModRevision: 4, limit: 2 }),
  'sorted by value without an order': prefix({ sortTarget: 4 }),
  'sorted by key without an order': prefix({ sortTarget: 0, limit: 2 }),
  'sorted by key, descending, limited': prefix({ sortOrder: 2, limit: 3 }),
  'sorted by value, keys only': prefix({ sortTarget: 4, sortOrder: 1, keysOnly: true }),
  serializable: prefix({ serializable: true }),
  everything: { key: Buffer.from([0]), rangeEnd: Buffer.from([0]) },
  'from a key on': { key: bytes('k/d'), rangeEnd: Buffer.from([0]) },
  'an end before the key': { key: bytes('k/d'), rangeEnd: bytes('k/a') },
  'an end that is the key': { key: bytes('k/d'), rangeEnd: bytes('k/d') },
  'without a key': { key: Buffer.alloc(0) },
  'a limit of all': prefix({ limit: 7 }),
  'a limit of one less': prefix({ limit: 6 }),
  'a negative limit': prefix({ limit: -1 }),
};

const put = (key: string, value: string) => ({
  requestPut: { key: bytes(key), value: bytes(value) },
});
const get = (key: string) => ({ requestRange: { key: bytes(key) } });
const del = (key: string) => ({ requestDeleteRange: { key: bytes(key), prevKv: true } });
/** Compare targets: 0 version, 1 create, 2 mod, 3 value, 4 lease. Results: 0 equal, 1 greater, 2 less, 3 not equal. */
const where = (key: string, target: number, result: number, union: object) => ({
  key: bytes(key),
  target,
  result,
  ...union,
});

type TxnInit = Parameters<typeof KV.methods.Txn.request.encode>[0];

const txns: Readonly<Record<string, TxnInit>> = {
  'nested, both levels taken': {
    success: [
      put('t/a', '1'),
      {
        requestTxn: {
          compare: [where('t/a', 0, 0, { version: 0 })],
          success: [put('t/b', '2'), get('t/a')],
          failure: [get('t/b')],
        },
      },
    ],
  },
  'nested, inner failure taken': {
    success: [
      {
        requestTxn: {
          compare: [where('t/a', 0, 1, { version: 9 })],
          success: [del('t/a')],
          failure: [get('t/b'), put('t/c', '3')],
        },
      },
      get('t/c'),
    ],
  },
  'lease equal to none': { compare: [where('t/a', 4, 0, { lease: 0n })], success: [get('t/a')] },
  'all of a range': {
    compare: [where('k/', 0, 1, { rangeEnd: bytes('k0'), version: 0 })],
    success: [get('t/a')],
  },
  'not all of a range': {
    compare: [where('k/', 0, 0, { rangeEnd: bytes('k0'), version: 1 })],
    success: [get('t/a')],
    failure: [get('t/b')],
  },
  'an empty range': {
    compare: [where('x/', 1, 0, { rangeEnd: bytes('x0'), createRevision: 0 })],
    success: [get('t/a')],
  },
  'the value of an absent key': {
    compare: [where('x', 3, 3, { value: bytes('v') })],
    success: [get('t/a')],
  },
  'a comparison without a value': { compare: [where('t/a', 3, 1, {})], success: [get('t/a')] },
  'a deletion seen by a later read': {
    success: [del('t/a'), get('t/a'), put('t/d', '4'), get('t/d')],
  },
  'delete what is not there': { success: [del('x')] },
  'an operation without a request': { success: [{}] },
  'the same key twice, in nested branches': {
    success: [put('t/e', '1'), { requestTxn: { success: [put('t/e', '2')] } }],
  },
  'the same key in the two branches of a nested one': {
    success: [{ requestTxn: { success: [put('t/f', '1')], failure: [put('t/f', '2')] } }],
  },
  'a put within a deleted range': {
    success: [{ requestDeleteRange: { key: bytes('t/'), rangeEnd: bytes('t0') } }, put('t/g', '1')],
  },
  'a read at a future revision': {
    success: [put('t/h', '1'), { requestRange: { key: bytes('t/h'), revision: 99_999 } }],
  },
  'a put with an unknown lease': {
    success: [put('t/i', '1'), { requestPut: { key: bytes('t/j'), lease: 99n } }],
  },
  'a put of an absent key with its value kept': {
    success: [{ requestPut: { key: bytes('absent'), ignoreValue: true } }],
  },
  'a negative revision inside': {
    success: [{ requestRange: { key: bytes('k/a'), revision: -1 } }],
  },
};

t.test('requests sent as they are: the same answers as from etcd', needs('etcd'), async (t) => {
  const etcd = await Cluster.forTest(t, { kind: 'etcd' });
  const ours = await Cluster.forTest(t, { kind: kindUnderTest() });
  const clients = [etcd, ours].map((cluster) => new RawClient(cluster.member(1).endpoint));
  t.teardown(() => {
    for (const client of clients) client.close();
  });
  const [theirs, own] = clients as [RawClient, RawClient];
  for (const client of clients) await prepare(client);

  for (const [name, request] of Object.entries(ranges)) {
    const [expected, found] = await Promise.all(
      [theirs, own].map((client) => outcome(client.call(KV.methods.Range, request))),
    );
    t.same(found, expected, `range: ${name}`);
  }
  for (const [name, request] of Object.entries(txns)) {
    const [expected, found] = await Promise.all(
      [theirs, own].map((client) => outcome(client.call(KV.methods.Txn, request as TxnRequest))),
    );
    t.same(found, expected, `txn: ${name}`);
  }
});

async function prepare(client: RawClient): Promise<void> {
  for (const [key, value] of fill) {
    if (value === undefined) await client.call(KV.methods.DeleteRange, { key: bytes(key) });
    else await client.put(key, value);
  }
}

/** An answer as comparable text: ids and terms, which two clusters never share, are left out. */
async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify(await call, replace, 1);
  } catch (error) {
    const { code, details } = errorOf(error);
    return `${code} ${details}`;
  }
}

function replace(name: string, value: unknown): unknown {
  if (['clusterId', 'memberId', 'raftTerm'].includes(name)) return undefined;
  if (typeof value === 'bigint') return value.toString();
  if (value !== null && typeof value === 'object' && 'type' in value && 'data' in value) {
    return Buffer.from(value.data as number[]).toString('latin1');
  }
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value;
}
