import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import {
  bytesOfPut,
  isReadOnly,
  isSerializable,
  putBytes,
} from '../../../src/store/api/txn-kind.js';
import { checkTxnOverlap } from '../../../src/store/api/txn-overlap.js';
import {
  checkDeleteRange,
  checkPut,
  checkRange,
  checkTxn,
} from '../../../src/store/api/validate.js';
import { StoreError } from '../../../src/store/errors.js';
import {
  DeleteRangeRequest,
  PutRequest,
  type PutRequestInit,
  RangeRequest,
  type RangeRequestInit,
  type RequestOpInit,
  TxnRequest,
  type TxnRequestInit,
} from '../../../src/wire/gen/etcdserverpb.js';
import { cpuMsOf } from '../../base/cpu-time.js';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const key = bytes('k');

function codeOf(check: () => void): string | null {
  try {
    check();
    return null;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return error.code;
  }
}

const txnOf = (init: TxnRequestInit) => TxnRequest.decode(TxnRequest.encode(init));
const put = (name: string): RequestOpInit => ({ requestPut: { key: bytes(name) } });
const del = (name: string, end = ''): RequestOpInit => ({
  requestDeleteRange: { key: bytes(name), rangeEnd: bytes(end) },
});
const range = (name: string, init: RangeRequestInit = {}): RequestOpInit => ({
  requestRange: { key: bytes(name), ...init },
});
const txn = (success: RequestOpInit[], failure: RequestOpInit[] = []): RequestOpInit => ({
  requestTxn: { success, failure },
});

const ranges: readonly (readonly [RangeRequestInit, string | null])[] = [
  [{ key }, null],
  [{}, 'empty-key'],
  [{ rangeEnd: key }, 'empty-key'],
  [{ key, sortOrder: 2, sortTarget: 4 }, null],
  [{ key, sortOrder: 3 }, 'invalid-sort-option'],
  [{ key, sortOrder: -1 }, 'invalid-sort-option'],
  [{ key, sortTarget: 5 }, 'invalid-sort-option'],
  [{ key, sortTarget: -1 }, 'invalid-sort-option'],
  [{ sortTarget: 5 }, 'empty-key'],
];
t.test('checkRange names the first fault of a range', async (t) => {
  for (const [init, code] of ranges) {
    const request = RangeRequest.create(init);
    t.equal(
      codeOf(() => checkRange(request)),
      code,
      JSON.stringify(init),
    );
  }
});

const puts: readonly (readonly [PutRequestInit, string | null])[] = [
  [{ key }, null],
  [{ value: key }, 'empty-key'],
  [{ key, ignoreValue: true }, null],
  [{ key, ignoreValue: true, value: key }, 'value-provided'],
  [{ key, ignoreLease: true }, null],
  [{ key, ignoreLease: true, lease: 1n }, 'lease-provided'],
  [{ key, ignoreLease: true, lease: 1n, ignoreValue: true, value: key }, 'value-provided'],
];
t.test('checkPut names the first fault of a put', async (t) => {
  for (const [init, code] of puts) {
    t.equal(
      codeOf(() => checkPut(PutRequest.create(init))),
      code,
      JSON.stringify(Object.keys(init)),
    );
  }
});

t.test('checkDeleteRange wants a key', async (t) => {
  t.equal(
    codeOf(() => checkDeleteRange(DeleteRangeRequest.create({ key }))),
    null,
  );
  t.equal(
    codeOf(() => checkDeleteRange(DeleteRangeRequest.create())),
    'empty-key',
  );
});

const many = (count: number) => Array.from({ length: count }, (_, i) => put(`k${i}`));
const shapes: readonly (readonly [string, TxnRequestInit, string | null])[] = [
  ['nothing at all', {}, null],
  ['as many ops as allowed', { success: many(4), failure: many(4) }, null],
  ['one success op too many', { success: many(5) }, 'too-many-ops'],
  ['one failure op too many', { failure: many(5) }, 'too-many-ops'],
  ['one compare too many', { compare: Array.from({ length: 5 }, () => ({ key })) }, 'too-many-ops'],
  ['a compare without key', { compare: [{}] }, 'empty-key'],
  ['an op of no kind', { success: [{}] }, 'key-not-found'],
  ['an op of no kind, not taken', { failure: [{}] }, 'key-not-found'],
  ['a put without key, not taken', { failure: [{ requestPut: {} }] }, 'empty-key'],
  ['a bad range inside', { success: [range('a', { sortOrder: 9 })] }, 'invalid-sort-option'],
  ['a nested txn within what is left', { success: [txn(many(3))] }, null],
  ['a nested txn beyond what is left', { success: [txn(many(4))] }, 'too-many-ops'],
  ['a nested txn where nothing is left', { success: [...many(3), txn(many(1))] }, 'too-many-ops'],
  ['a fault deep inside', { success: [txn([], [txn([{ requestDeleteRange: {} }])])] }, 'empty-key'],
];
t.test('checkTxn names the first fault of a txn, however deep', async (t) => {
  for (const [what, init, code] of shapes) {
    t.equal(
      codeOf(() => checkTxn(txnOf(init), 4)),
      code,
      what,
    );
  }
});

/** The answers of etcd 3.4.23. */
const overlaps: readonly (readonly [string, TxnRequestInit, boolean])[] = [
  ['put twice', { success: [put('a'), put('a')] }, true],
  ['put twice in the branch not taken', { failure: [put('a'), put('a')] }, true],
  ['put once in each branch', { success: [put('a')], failure: [put('a')] }, false],
  ['delete twice', { success: [del('a'), del('a', 'c'), del('b', 'd')] }, false],
  ['put and delete of one key', { success: [put('a'), del('a')] }, true],
  ['put in a deleted range', { success: [del('a', 'c'), put('b')] }, true],
  ['put at the end of a deleted range', { success: [del('a', 'c'), put('c')] }, false],
  ['put above a delete of all from a key on', { success: [del('a', '\0'), put('b')] }, false],
  ['put in an inverted range', { success: [del('z', 'a'), put('b')] }, false],
  ['nested put and put', { success: [put('a'), txn([put('a')])] }, true],
  ['nested put in a deleted range', { success: [del('a', 'c'), txn([], [put('b')])] }, true],
  ['put in a nested deleted range', { success: [put('b'), txn([], [del('a', 'c')])] }, true],
  ['then and else of one nested txn', { success: [txn([put('b')], [put('b')])] }, false],
  [
    'put then, delete else of one nested txn',
    { success: [txn([put('b')], [del('a', 'c')])] },
    false,
  ],
  ['two nested txns', { success: [txn([put('b')]), txn([], [put('b')])] }, true],
  [
    'a delete, then a put, in two nested txns',
    { success: [txn([del('a', 'c')]), txn([put('b')])] },
    true,
  ],
  [
    'a put, then a delete, in two nested txns',
    { success: [txn([put('b')]), txn([del('a', 'c')])] },
    false,
  ],
  ['a range of the key put', { success: [put('a'), range('a')] }, false],
];
t.test('checkTxnOverlap refuses to write a key twice exactly where etcd does', async (t) => {
  for (const [what, init, isRefused] of overlaps) {
    const code = codeOf(() => checkTxnOverlap(txnOf(init)));
    t.equal(code, isRefused ? 'duplicate-key' : null, what);
  }
});

t.test('checkTxnOverlap agrees with a slow and obvious check on random txns', async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  const prng = new Prng(seed);
  let refused = 0;
  for (let round = 0; round < 2000; round++) {
    const request = txnOf({ success: randomOps(prng, 2), failure: randomOps(prng, 2) });
    const actual = codeOf(() => checkTxnOverlap(request)) !== null;
    const expected = !isClean(request.success) || !isClean(request.failure);
    if (actual !== expected) {
      t.fail(`seed ${seed} round ${round}: expected ${expected}: ${JSON.stringify(request)}`);
      return;
    }
    if (expected) refused++;
  }
  t.ok(refused > 100 && refused < 1900, `${refused} of 2000 were refused`);
});

t.test('checkTxnOverlap stays quick on a txn built to be slow', async (t) => {
  const inner = (i: number) =>
    txn(
      [...Array.from({ length: 40 }, (_, j) => del(`d${i}-${j}`, `d${i}-${j}x`)), ...many(0)],
      [...Array.from({ length: 40 }, (_, j) => put(`p${i}-${j}`))],
    );
  const request = txnOf({ success: Array.from({ length: 128 }, (_, i) => inner(i)) });
  const cpuMs = await cpuMsOf(() => checkTxnOverlap(request));
  t.ok(cpuMs < 5000, `${cpuMs} ms for ${128 * 80} operations`);
});

t.test('isReadOnly and isSerializable look at both branches and inside', async (t) => {
  const fresh = range('a');
  const stale = range('a', { serializable: true });
  const cases: readonly (readonly [TxnRequestInit, boolean, boolean])[] = [
    [{}, true, true],
    [{ success: [stale] }, true, true],
    [{ success: [stale], failure: [fresh] }, true, false],
    [{ success: [txn([stale], [fresh])] }, true, false],
    [{ success: [stale], failure: [put('a')] }, false, false],
    [{ success: [txn([], [del('a')])] }, false, false],
  ];
  for (const [init, readOnly, serializable] of cases) {
    const request = txnOf(init);
    t.equal(isReadOnly(request), readOnly, JSON.stringify(init));
    t.equal(isReadOnly(request) && isSerializable(request), serializable, JSON.stringify(init));
  }
});

t.test('putBytes counts the larger branch, nested puts included', async (t) => {
  const one = bytesOfPut({ key: bytes('a'), value: bytes('') });
  t.equal(putBytes(txnOf({ success: [range('a'), del('b')] })), 0);
  t.equal(putBytes(txnOf({ success: [put('a')], failure: [put('b'), put('c')] })), 2 * one);
  t.equal(putBytes(txnOf({ success: [put('a'), txn([], [put('b')])] })), 2 * one);
});

const names = ['a', 'b', 'c', 'd'];

function randomOps(prng: Prng, depth: number): RequestOpInit[] {
  return Array.from({ length: prng.int(0, 4) }, () => {
    const kind = prng.int(0, depth > 0 ? 4 : 3);
    if (kind === 0) return put(prng.pick(names));
    if (kind === 1) return del(prng.pick(names), prng.pick(['', ...names]));
    if (kind === 2) return range(prng.pick(names));
    return txn(randomOps(prng, depth - 1), randomOps(prng, depth - 1));
  });
}

type Op = TxnRequest['success'][number];
type Interval = readonly [string, string];

/** Follows the rule as it is told: collect everything in order, compare each with each. */
function isClean(ops: readonly Op[]): boolean {
  const text = (value: Uint8Array) => Buffer.from(value).toString('latin1');
  const collect = (list: readonly Op[]): { puts: string[]; deletes: Interval[] } | null => {
    const puts: string[] = [];
    const deletes: Interval[] = [];
    const isFree = (name: string) =>
      !puts.includes(name) && !deletes.some(([from, to]) => from <= name && name < to);
    for (const op of list) {
      const request = op.requestDeleteRange;
      if (request === undefined) continue;
      const end = request.rangeEnd.length === 0 ? `${text(request.key)}\0` : text(request.rangeEnd);
      deletes.push([text(request.key), end]);
    }
    for (const op of list) {
      if (op.requestTxn === undefined) continue;
      const yes = collect(op.requestTxn.success);
      const no = collect(op.requestTxn.failure);
      if (yes === null || no === null) return null;
      if (![...yes.puts, ...no.puts].every(isFree)) return null;
      puts.push(...yes.puts, ...no.puts);
      deletes.push(...yes.deletes, ...no.deletes);
    }
    for (const op of list) {
      if (op.requestPut === undefined) continue;
      if (!isFree(text(op.requestPut.key))) return null;
      puts.push(text(op.requestPut.key));
    }
    return { puts, deletes };
  };
  return collect(ops) !== null;
}
