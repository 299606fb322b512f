import t from 'tap';
import { setVerify } from '../../src/base/assert.js';
import type { OrderedDbHome } from '../../src/base/ordered-db.js';
import { Prng } from '../../src/base/prng.js';
import { CommandKind } from '../../src/store/contracts.js';
import { allPackKeys, deadKey, parsePackKey } from '../../src/store/schema/keys.js';
import { isDead, PackCursor } from '../../src/store/schema/revision-pack.js';
import {
  type RequestOpInit,
  TxnRequest,
  type TxnRequestInit,
} from '../../src/wire/gen/etcdserverpb.js';
import { eventually } from '../rpc/support.js';
import { SimDbHome } from '../sim/db.js';
import {
  alarm,
  b,
  command,
  compact,
  del,
  grant,
  put,
  revoke,
  StoreRig,
  txn,
} from './store-harness.js';

/** Bugs that etcd shipped (issue or PR numbers of etcd-io/etcd), as scenarios that this store survives. */

setVerify(true);

const opPut = (key: string, value: string, more = {}): RequestOpInit => ({
  requestPut: { key: b(key), value: b(value), ...more },
});
const opRange = (key: string, revision = 0): RequestOpInit => ({
  requestRange: { key: b(key), revision },
});

t.test(
  'Store: a crash after any database write leaves applied index and data together (13766, 13514, 11651)',
  async (t) => {
    const commands = [
      put('a', '1'),
      grant(9n),
      put('b', '2', { lease: 9n }),
      txn({ success: [opPut('c', '3'), opPut('d', '4')] }),
      del('a'),
      compact(4),
      revoke(9n),
      alarm(1, 1, 5n),
      put('x', 'refused: no space'),
    ];
    for (let seed = 1; seed <= 60; seed++) {
      const prng = new Prng(seed);
      const home = new SimDbHome({ prng: prng.fork() });
      const rig = await StoreRig.open(home);
      for (const data of commands) {
        rig.apply(data);
        if (prng.chance(0.5)) await new Promise((resolve) => setImmediate(resolve));
        if (prng.chance(0.2)) await rig.store.sync();
        if (prng.chance(0.3)) {
          home.crash();
          await rig.reopen(prng);
        }
      }
      const whole = await StoreRig.open();
      whole.applyAll(commands);
      t.equal(rig.store.appliedHash, whole.store.appliedHash, `seed ${seed}`);
      t.same(await rig.dump(), await whole.dump(), `seed ${seed}`);
    }
  },
);

t.test(
  'Store.restoreSnapshot takes the applied index of the snapshot, not the old one (PR13933)',
  async (t) => {
    const source = await StoreRig.open();
    source.applyAll([put('a', '1'), put('a', '2'), put('a', '3')]);
    const target = await StoreRig.open(undefined, { bootstrap: null });
    const image = await source.store.openSnapshot();
    await target.store.restoreSnapshot(image.meta, image.chunks);
    t.equal(target.store.appliedIndex, source.store.appliedIndex);
    t.equal(target.store.durableIndex, source.store.appliedIndex);
    await target.reopen();
    t.equal(target.store.appliedIndex, source.store.appliedIndex, 'after a restart too');
  },
);

t.test(
  'Store: entries that fail or do nothing advance the durable applied index (13937)',
  async (t) => {
    const rig = await StoreRig.open();
    const failing = [
      put('a', '', { lease: 77n }),
      put('a', '', { ignoreValue: true }),
      compact(99),
      revoke(77n),
      command(CommandKind.put, new Uint8Array([0xff])),
      new Uint8Array([250, 1]),
      new Uint8Array(0),
      del('nothing'),
    ];
    for (const data of failing) {
      rig.apply(data);
      t.equal(await rig.store.sync(), rig.store.appliedIndex);
      (rig.home as SimDbHome).crash();
      const before = rig.store.appliedIndex;
      await rig.reopen();
      t.equal(rig.store.appliedIndex, before);
    }
    t.equal(rig.store.mvcc.revision, 1);
  },
);

t.test(
  'Store: a txn whose read fails changes nothing, alike on a member that nobody waits at (18667, PR18799)',
  async (t) => {
    const table: [string, TxnRequestInit, string][] = [
      ['read in the future', { success: [opPut('a', '2'), opRange('a', 99)] }, 'future-revision'],
      ['read of the compacted', { success: [opPut('a', '2'), opRange('a', 2)] }, 'compacted'],
      [
        'unknown lease',
        { success: [opPut('a', '2'), opPut('b', '', { lease: 5n })] },
        'lease-not-found',
      ],
      [
        'key to keep',
        { success: [opPut('a', '2'), opPut('b', '', { ignoreValue: true })] },
        'key-not-found',
      ],
      [
        'nested read',
        { success: [opPut('a', '2'), { requestTxn: { failure: [], success: [opRange('a', 2)] } }] },
        'compacted',
      ],
    ];
    for (const [what, request, code] of table) {
      const hashes: bigint[] = [];
      for (const local of [true, false]) {
        const rig = await StoreRig.open();
        rig.applyAll([put('a', '1'), put('k', '1'), put('k', '2'), compact(4)]);
        const [result] = rig.applyAll([txn(request)], local);
        if (local) t.equal(result?.ok === false ? result.error.code : 'ok', code, what);
        t.same(await rig.dump(), ['a=1', 'k=2'], what);
        t.equal(rig.store.mvcc.revision, 4, what);
        hashes.push(rig.store.appliedHash);
      }
      t.equal(hashes[0], hashes[1], what);
    }
  },
);

t.test(
  'Store: a revoked lease deletes its keys in byte order, in one revision (6558)',
  async (t) => {
    const rig = await StoreRig.open();
    const keys = ['b', '\xff', 'a', 'a\0', '\x80', 'B'];
    rig.applyAll([grant(3n), ...keys.map((key) => put(key, 'v', { lease: 3n }))]);
    const before = rig.store.mvcc.revision;
    rig.ok(revoke(3n));
    const [revision] = await rig.store.mvcc.history(before + 1, 10);
    t.same(
      revision?.events.map((event) => event.key),
      ['B', 'a', 'a\0', 'b', '\x80', '\xff'],
    );
    t.equal(rig.store.mvcc.revision, before + 1);
  },
);

t.test('Store keeps a lease with a negative id through a restart (PR14239)', async (t) => {
  const rig = await StoreRig.open();
  rig.applyAll([grant(-5n), put('a', '1', { lease: -5n })]);
  await rig.store.sync();
  (rig.home as SimDbHome).crash();
  await rig.reopen();
  t.same(rig.store.leases.list(), [-5n]);
  rig.ok(revoke(-5n));
  t.same(await rig.dump(), []);
});

t.test(
  'Store.revision does not go back when the newest revisions are compacted and the member restarts (17780)',
  async (t) => {
    const rig = await StoreRig.open();
    rig.applyAll([put('a', '1'), put('b', '1'), del('a'), del('b')]);
    const compacted = rig.ok(compact(5));
    if (compacted.kind === 'compact') await compacted.physical;
    // One more tombstone's worth: everything before revision 6 goes.
    rig.applyAll([put('c', '1'), del('c')]);
    const again = rig.ok(compact(7));
    if (again.kind === 'compact') await again.physical;
    await rig.store.close();
    await rig.reopen();
    t.equal(rig.store.mvcc.revision, 7);
    t.equal(rig.store.mvcc.compactRevision, 7);
    rig.ok(put('d', '1'));
    t.equal(rig.store.mvcc.revision, 8);
  },
);

t.test(
  'Store keeps a tombstone at the compaction revision, for watches and hashes (PR18474, 19179, 18089)',
  async (t) => {
    const rig = await StoreRig.open();
    rig.applyAll([put('a', '1'), put('b', '1'), del('a')]);
    const done = rig.ok(compact(4));
    if (done.kind === 'compact') await done.physical;
    await rig.store.close();
    await rig.reopen();
    const history = await rig.store.mvcc.history(4, 10);
    t.same(
      history.map(({ revision, events }) => [revision, events.map(({ kind, key }) => kind + key)]),
      [[4, ['deletea']]],
    );
    await t.rejects(rig.store.mvcc.history(3, 10), { code: 'compacted' });
  },
);

t.test(
  'Store.hashKv is the same before, during and after the deletions of a compaction, and after a crash in them (15919, PR16048, 18)',
  async (t) => {
    const commands = Array.from({ length: 300 }, (_, i) =>
      i % 7 === 3 ? del(`k${i % 20}`) : put(`k${i % 20}`, `${i}`),
    );
    const twin = await StoreRig.open();
    twin.applyAll([...commands, compact(150)]);
    const early = await twin.store.mvcc.hashKv(0);
    const late = twin.ok(compact(151));
    if (late.kind === 'compact') await late.physical;
    for (let seed = 1; seed <= 10; seed++) {
      const prng = new Prng(seed);
      const home = new SimDbHome({ prng: prng.fork() });
      const rig = await StoreRig.open(home);
      rig.applyAll([...commands, compact(150)]);
      for (let i = 0; i < prng.int(0, 6); i++)
        await new Promise((resolve) => setImmediate(resolve));
      t.same(await rig.store.mvcc.hashKv(0), early, `seed ${seed}: during`);
      home.crash();
      await rig.reopen();
      t.same(await rig.store.mvcc.hashKv(0), early, `seed ${seed}: after the crash`);
      const done = rig.ok(compact(151));
      if (done.kind === 'compact') await done.physical;
      t.same(
        await rig.store.mvcc.hashKv(0),
        await twin.store.mvcc.hashKv(0),
        `seed ${seed}: after`,
      );
    }
  },
);

t.test(
  'Store: a compaction that a crash cut short goes on, and brings no deleted key back',
  async (t) => {
    const commands = Array.from({ length: 200 }, (_, i) => put(`k${i % 50}`, `${i}`));
    commands.push(del('k1', { rangeEnd: b('k3') }), put('z', '1'));
    for (let seed = 1; seed <= 15; seed++) {
      const prng = new Prng(seed);
      const home = new SimDbHome({ prng: prng.fork() });
      const rig = await StoreRig.open(home);
      rig.applyAll(commands);
      const expected = await rig.dump();
      rig.ok(compact(203));
      for (let crash = 0; crash < 4; crash++) {
        for (let i = 0; i < prng.int(0, 4); i++)
          await new Promise((resolve) => setImmediate(resolve));
        home.crash();
        await rig.reopen();
        t.same(await rig.dump(), expected, `seed ${seed}`);
      }
      await rig.store.close();
      await rig.reopen();
      const isDone = async () => (await recordCount(home)) <= expected.length;
      await eventually(isDone, `seed ${seed}: the compaction ends`);
      t.equal(await recordCount(home), expected.length, `seed ${seed}: only what is live is left`);
    }
  },
);

t.test(
  'Store: a snapshot taken right after a refused compaction opens again (checklist 46)',
  async (t) => {
    const rig = await StoreRig.open();
    rig.applyAll([put('a', '1'), compact(5), compact(2), compact(1)]);
    const image = await rig.store.openSnapshot();
    const copy = await StoreRig.open(undefined, { bootstrap: null });
    await copy.store.restoreSnapshot(image.meta, image.chunks);
    t.equal(copy.store.appliedHash, rig.store.appliedHash);
    t.equal(copy.store.mvcc.compactRevision, 2);
  },
);

t.test(
  'Store.openSnapshot is of a durable state, which a crash does not undo (checklist 39)',
  async (t) => {
    for (let seed = 1; seed <= 20; seed++) {
      const home = new SimDbHome({ prng: new Prng(seed) });
      const rig = await StoreRig.open(home);
      rig.applyAll([put('a', '1'), put('b', '2')]);
      const image = await rig.store.openSnapshot();
      t.equal(image.meta.index, rig.store.durableIndex);
      home.crash();
      const { appliedIndex } = await reopenAlone(home);
      t.ok(appliedIndex >= image.meta.index, `seed ${seed}`);
    }
  },
);

t.test(
  'Store reports durable only what a synced batch covers, and survives losing the rest (checklist 47)',
  async (t) => {
    for (let seed = 1; seed <= 30; seed++) {
      const home = new SimDbHome({ prng: new Prng(seed) });
      const rig = await StoreRig.open(home);
      rig.applyAll([put('a', '1'), put('a', '2')]);
      const durable = await rig.store.sync();
      rig.applyAll([put('a', '3')]);
      await new Promise((resolve) => setImmediate(resolve));
      rig.applyAll([put('a', '4')]);
      t.equal(rig.store.durableIndex, durable);
      home.crash();
      const { appliedIndex } = await reopenAlone(home);
      t.ok(appliedIndex >= durable, `seed ${seed}`);
      t.ok(appliedIndex <= durable + 2, `seed ${seed}`);
    }
  },
);

t.test('Store answers a nested txn as deep as messages may nest', async (t) => {
  const rig = await StoreRig.open();
  let request: TxnRequestInit = { success: [opPut('deep', 'x')] };
  for (let depth = 0; depth < 40; depth++) request = { success: [{ requestTxn: request }] };
  t.equal(rig.ok(command(CommandKind.txn, TxnRequest.encode(request))).kind, 'txn');
  t.same(await rig.dump(), ['deep=x']);
});

/** How many revision records the database has that no compaction has deleted. */
async function recordCount(home: OrderedDbHome): Promise<number> {
  const db = await home.openCurrent();
  let count = 0;
  for await (const step of db.iterate(allPackKeys)) {
    for (const [key, pack] of step) {
      const start = parsePackKey(key);
      const bits = await db.get(deadKey(start.main, start.sub));
      const cursor = new PackCursor(pack, start);
      while (cursor.next()) if (!isDead(bits, cursor.ordinal)) count++;
    }
  }
  return count;
}

async function reopenAlone(home: OrderedDbHome): Promise<{ appliedIndex: number }> {
  return (await StoreRig.open(home)).store;
}
