import t from 'tap';
import { setVerify } from '../../src/base/assert.js';
import { clusterId, memberId } from '../../src/base/ids.js';
import type { OrderedDbHome } from '../../src/base/ordered-db.js';
import { Prng } from '../../src/base/prng.js';
import { CommandKind } from '../../src/store/contracts.js';
import { metaKey, packKey } from '../../src/store/schema/keys.js';
import { SortOrder, SortTarget } from '../../src/wire/gen/etcdserverpb.js';
import { LeaseExpire, MemberPublish, MemberRecord } from '../../src/wire/gen/store.js';
import { SimDbHome } from '../sim/db.js';
import {
  alarm,
  b,
  command,
  compact,
  del,
  grant,
  openStore,
  put,
  revoke,
  StoreRig,
  s,
  testConf,
  testMember,
  txn,
} from './store-harness.js';

setVerify(true);

const newHome = () => new SimDbHome({ prng: new Prng(1) });
const turn = () => new Promise((resolve) => setImmediate(resolve));

t.test('Store.open begins a new cluster at index 1, and a joining member at 0', async (t) => {
  const first = await openStore(newHome());
  t.equal(first.appliedIndex, 1);
  t.equal(first.appliedTerm, 1);
  t.equal(first.durableIndex, 1);
  t.same(first.conf, testConf);
  t.same(
    first.members.list().map(({ name }) => name),
    ['one'],
  );
  t.equal(first.mvcc.revision, 1);
  t.equal(first.mvcc.compactRevision, -1);
  const joining = await openStore(newHome(), { bootstrap: null });
  t.equal(joining.appliedIndex, 0);
  t.same(joining.conf.voters, []);
});

t.test('Store.open refuses a database that is not its own, and says what to do', async (t) => {
  const text = (value: string) => new TextEncoder().encode(value);
  /** A record: main, sub, length and KeyValue. */
  const record = (main: number, sub: number, ...kv: number[]) =>
    new Uint8Array([...packKey(main, 0).subarray(1, 9), 0, 0, 0, sub, 0, 0, 0, kv.length, ...kv]);
  const table: [string, Uint8Array, Uint8Array | null, string][] = [
    ['another format', metaKey.format, text('flotilla store 9'), 'format'],
    ['an older format', metaKey.format, text('flotilla store 1'), 'format'],
    ['no cluster', metaKey.cluster, null, 'damaged'],
    ['no applied index', metaKey.applied, null, 'damaged'],
    ['a short applied index', metaKey.applied, new Uint8Array(3), 'damaged'],
    ['a revision from the future', packKey(99, 0), record(99, 0, 24, 99), 'damaged'],
    ['a garbled revision', packKey(2, 0), record(2, 0, 255, 255), 'damaged'],
    ['a revision under another key', packKey(2, 0), record(2, 0, 24, 1), 'damaged'],
    ['a revision that is missing', packKey(2, 0), null, 'damaged'],
    ['a change that is missing', packKey(2, 0), record(2, 1, 24, 2), 'damaged'],
    ['an empty pack', packKey(2, 0), new Uint8Array(0), 'damaged'],
    ['a pack that ends early', packKey(2, 0), record(2, 0, 24, 2).subarray(0, 17), 'damaged'],
    ['a pack of one more byte', packKey(2, 0), text(`${s(record(2, 0, 24, 2))}x`), 'damaged'],
    ['records out of order', packKey(2, 1), record(2, 0, 24, 2), 'damaged'],
    ['a key of no lease', packKey(2, 0), record(2, 0, 24, 2, 32, 1, 48, 5), 'damaged'],
    ['a garbled member', new Uint8Array([0x6e, 0, 0, 0, 0, 0, 0, 0, 1]), text('\x07'), 'damaged'],
  ];
  for (const [what, key, value, code] of table) {
    const home = newHome();
    const rig = await StoreRig.open(home);
    // Two packs: the database without the last one would be a sound one, as it was before.
    rig.ok(put('a', '1'));
    await rig.store.sync();
    rig.ok(put('a', '2'));
    await rig.store.close();
    const db = await home.openCurrent();
    const write =
      value === null ? ({ kind: 'delete', key } as const) : ({ kind: 'put', key, value } as const);
    await db.write([write], { sync: true });
    await t.rejects(
      openStore(home),
      { name: 'StoreDataError', code, message: /start|check/ },
      what,
    );
  }
});

t.test('Store.open refuses the database of another cluster', async (t) => {
  const home = newHome();
  await (await openStore(home)).close();
  await t.rejects(openStore(home, { clusterId: clusterId(0xbadn) }), { code: 'other-cluster' });
});

t.test(
  'Store with a NOSPACE alarm refuses what stores more, and nothing else, until it is disarmed',
  async (t) => {
    const rig = await StoreRig.open();
    rig.applyAll([put('a', '1'), grant(1n), put('l', '1', { lease: 1n })]);
    t.same(rig.ok(alarm(1, 1, 7n)), {
      kind: 'alarm',
      value: [{ memberId: memberId(7n), alarm: 1 }],
    });
    const refusedPut = { requestPut: { key: b('x'), value: b('y') } };
    const table: [string, Uint8Array, string][] = [
      ['put', put('b', '1'), 'no-space'],
      ['txn with a put', txn({ success: [refusedPut] }), 'no-space'],
      ['txn with a put that is not taken', txn({ failure: [refusedPut] }), 'no-space'],
      [
        'nested put (PR22167)',
        txn({ success: [{ requestTxn: { failure: [refusedPut] } }] }),
        'no-space',
      ],
      ['lease grant', grant(2n), 'no-space'],
      ['txn with a delete', txn({ success: [{ requestDeleteRange: { key: b('zz') } }] }), 'ok'],
      ['delete', del('a'), 'ok'],
      ['compact', compact(2), 'ok'],
      ['revoke', revoke(1n), 'ok'],
    ];
    for (const [what, data, code] of table) t.equal(rig.refused(data), code, what);
    await rig.store.sync();
    (rig.home as SimDbHome).crash();
    await rig.reopen();
    t.equal(rig.refused(put('b', '1')), 'no-space', 'after a restart');
    rig.ok(alarm(2, 1, 8n));
    t.equal(rig.refused(put('b', '1')), 'no-space', 'another member was disarmed');
    rig.ok(alarm(2, 1, 7n));
    t.equal(rig.refused(put('b', '1')), 'ok');
    t.same(rig.store.alarms.list(), []);
  },
);

t.test('Store with a CORRUPT alarm refuses every change of keys and leases', async (t) => {
  const rig = await StoreRig.open();
  rig.applyAll([put('a', '1'), grant(1n), alarm(1, 2, 7n)]);
  const commands = [put('a', '2'), del('a'), txn({}), compact(2), grant(2n), revoke(1n)];
  for (const data of commands) t.equal(rig.refused(data), 'corrupt');
  t.same(await rig.dump(), ['a=1']);
});

t.test(
  'Store.apply revokes expired leases one revision each, but not one that was renewed',
  async (t) => {
    const rig = await StoreRig.open();
    rig.applyAll([grant(1n), grant(2n), put('a', '', { lease: 1n }), put('b', '', { lease: 2n })]);
    const items = [
      { id: 1n, renewedIndex: 2 },
      { id: 2n, renewedIndex: 99 },
    ];
    rig.ok(command(CommandKind.leaseExpire, LeaseExpire.encode({ items })));
    t.same(await rig.dump(), ['b=']);
    t.same(rig.store.leases.list(), [2n]);
  },
);

t.test('Store.apply moves a key between leases, and a put without one detaches it', async (t) => {
  const rig = await StoreRig.open();
  const keys = () => [1n, 2n].map((id) => rig.store.leases.keys(id).map(s).join());
  rig.applyAll([grant(1n), grant(2n), put('a', '', { lease: 1n }), put('b', '', { lease: 1n })]);
  t.same(keys(), ['a,b', '']);
  rig.ok(put('a', '', { lease: 2n }));
  t.same(keys(), ['b', 'a']);
  rig.ok(put('a', 'kept', { ignoreLease: true }));
  t.same(keys(), ['b', 'a']);
  await rig.store.close();
  await rig.reopen();
  t.same(keys(), ['b', 'a'], 'rebuilt at open');
  rig.ok(put('b', ''));
  rig.ok(del('a'));
  t.same(keys(), ['', '']);
});

t.test('Store.apply changes the membership and keeps removed members in mind', async (t) => {
  const rig = await StoreRig.open();
  const two = memberId(2n);
  const entry = (index: number, voters: bigint[], context: Uint8Array) => ({
    index,
    term: 1,
    data: context,
    conf: { ...testConf, voters: voters.map(memberId) },
    local: true,
  });
  const record = MemberRecord.encode({ id: two, name: '', peerUrls: ['http://two:2380'] });
  const [added] = rig.store.apply([entry(2, [2n, testMember], record)]);
  t.equal(added?.ok === true && added.response.kind, 'members');
  const publish = MemberPublish.encode({ id: two, name: 'two', clientUrls: ['http://two:2379'] });
  const data = command(CommandKind.memberPublish, publish);
  rig.store.apply([{ index: 3, term: 1, data, conf: null, local: false }]);
  t.same(rig.store.members.get(two)?.name, 'two');
  rig.store.apply([entry(4, [testMember], new Uint8Array([0xff]))]);
  await rig.store.close();
  const again = await openStore(rig.home);
  t.same(again.conf.voters, [testMember], 'a context that is garbage does not stop the change');
  t.equal(again.members.get(two), undefined);
  t.ok(again.members.isRemoved(two));
  t.equal(again.appliedIndex, 4);
});

t.test('Store.apply updates the peer URLs of a member, durably', async (t) => {
  const rig = await StoreRig.open();
  const update = (id: bigint, peerUrls: string[]) =>
    command(CommandKind.memberUpdate, MemberRecord.encode({ id, peerUrls, name: 'ignored' }));
  const response = rig.ok(update(testMember, ['http://new:2380']));
  const expected = [
    {
      id: testMember,
      name: 'one',
      peerUrls: ['http://new:2380'],
      clientUrls: [],
      isLearner: false,
    },
  ];
  t.same(response, { kind: 'members', value: expected });
  t.equal(rig.refused(update(2n, ['http://two:2380'])), 'member-not-found');
  t.equal(rig.refused(update(testMember, [])), 'member-bad-urls');
  await rig.store.close();
  const again = await openStore(rig.home);
  t.same(again.members.list(), expected);
});

t.test('Store.mvcc.range: filters, then sorts, then limits, then strips', async (t) => {
  const rig = await StoreRig.open();
  // key: created, modified, version. a: 2,6,2  b: 3,3,1  c: 4,7,2  d: 5,5,1
  rig.applyAll([
    put('a', '4'),
    put('b', '3'),
    put('c', '2'),
    put('d', '1'),
    put('a', '9'),
    put('c', '8'),
  ]);
  const all = { key: b('\0'), rangeEnd: b('\0') };
  const { ASCEND, DESCEND } = SortOrder;
  const table: [object, string, { more?: boolean; count?: number }][] = [
    [{}, 'a b c d', {}],
    [{ limit: 2 }, 'a b', { more: true }],
    [{ limit: 4 }, 'a b c d', { more: false }],
    [{ sortOrder: DESCEND }, 'd c b a', {}],
    [{ sortOrder: DESCEND, limit: 1 }, 'd', { more: true }],
    [{ sortTarget: SortTarget.MOD }, 'b d a c', {}],
    [{ sortTarget: SortTarget.MOD, sortOrder: DESCEND, limit: 3 }, 'c a d', { more: true }],
    [{ sortTarget: SortTarget.CREATE, sortOrder: DESCEND }, 'd c b a', {}],
    [{ sortTarget: SortTarget.VERSION, sortOrder: ASCEND }, 'b d a c', {}],
    [{ sortTarget: SortTarget.VALUE, keysOnly: true }, 'd b c a', {}],
    [{ minModRevision: 6 }, 'a c', { count: 4 }],
    [{ maxModRevision: 5 }, 'b d', { count: 4 }],
    [{ minCreateRevision: 4, limit: 1 }, 'c', { more: true, count: 4 }],
    [{ maxCreateRevision: 3, minModRevision: 4 }, 'a', { more: false, count: 4 }],
    [{ countOnly: true, limit: 1 }, '', { more: false, count: 4 }],
    [{ revision: 3 }, 'a b', { count: 2 }],
    [{ revision: 3, limit: 1 }, 'a', { more: true, count: 2 }],
    [{ revision: 4, countOnly: true }, '', { count: 3 }],
    [{ revision: -1 }, 'a b c d', {}],
    [{ key: b('c'), rangeEnd: b('\0') }, 'c d', { count: 2 }],
    [{ key: b('c'), rangeEnd: b('b') }, '', { count: 0 }],
    [{ key: b('c'), rangeEnd: b('c') }, '', { count: 0 }],
    [{ key: b('c'), rangeEnd: b('') }, 'c', { count: 1 }],
  ];
  for (const [request, keys, { more, count }] of table) {
    const response = await rig.range({ ...all, ...request });
    const what = JSON.stringify(request);
    t.equal(response.kvs.map((kv) => s(kv.key)).join(' '), keys, what);
    t.equal(response.header?.revision, 7, what);
    if (more !== undefined) t.equal(response.more, more, what);
    t.equal(response.count, count ?? 4, what);
  }
  const { kvs } = await rig.range({ ...all, keysOnly: true });
  t.ok(kvs.every((kv) => kv.value.length === 0 && kv.modRevision > 0 && kv.version > 0));
  await t.rejects(rig.range({ ...all, revision: 8 }), { code: 'future-revision' });
});

t.test(
  'Store.mvcc.range of many keys gives the loop back and still is of one revision',
  async (t) => {
    // Nothing stays in memory: values come from the database while writes and a compaction go on.
    let now = 0;
    const clock = {
      now: () => (now += 1),
      wallTime: () => now,
      setTimer: (_: number, callback: () => void) => ({ timer: setImmediate(callback) }),
      clearTimer: () => {},
      defer: (callback: () => void) => void setImmediate(callback),
      deferBriefly: (callback: () => void) => void setImmediate(callback),
    };
    const rig = await StoreRig.open(newHome(), { valueCacheBytesMax: 1, clock });
    const count = 3000;
    const key = (i: number) => `k${String(i).padStart(5, '0')}`;
    rig.applyAll(Array.from({ length: count }, (_, i) => put(key(i), 'old')));
    await rig.store.sync();
    const revision = rig.store.mvcc.revision;
    const all = { key: b('k'), rangeEnd: b('l') };
    const current = rig.range(all);
    const pinned = rig.range({ ...all, revision });
    for (let i = 0; i < count; i += 100) {
      rig.applyAll([put(key(i), 'new'), del(key(i + 1))]);
      if (i % 500 === 0) await turn();
    }
    for (const response of await Promise.all([current, pinned])) {
      t.equal(response.count, count);
      t.equal(response.kvs.length, count);
      t.ok(response.kvs.every((kv) => s(kv.value) === 'old'));
      t.equal(response.header?.revision, revision);
    }
    const overtaken = rig.range(all);
    const refused = rig.range({ ...all, revision });
    refused.catch(() => {});
    rig.applyAll([put(key(0), 'newer'), compact(rig.store.mvcc.revision + 1)]);
    const { kvs, header } = await overtaken;
    t.equal(header?.revision, rig.store.mvcc.revision, 'started over');
    t.equal(s(kvs[0]?.value), 'newer');
    t.equal(kvs.length, count - count / 100);
    await t.rejects(refused, { code: 'compacted' });
  },
);

t.test(
  'Store.restoreSnapshot serves reads from the old state, then from the new one',
  async (t) => {
    const source = await StoreRig.open();
    source.applyAll([grant(9n), put('new', '1', { lease: 9n }), alarm(1, 1, 3n)]);
    const target = await StoreRig.open(newHome(), { valueCacheBytesMax: 1 });
    target.applyAll([grant(4n), put('old', '1', { lease: 4n })]);
    const image = await source.store.openSnapshot();
    async function* slowly() {
      for await (const chunk of image.chunks) {
        for (let at = 0; at < chunk.length; at += 10) {
          await turn();
          yield chunk.subarray(at, at + 10);
        }
      }
    }
    const restored = target.store.restoreSnapshot(image.meta, slowly());
    t.same(await target.dump(), ['old=1']);
    const reads: Promise<string[]>[] = [];
    for (let i = 0; i < 20; i++) {
      reads.push(target.dump());
      await turn();
    }
    await restored;
    for (const found of await Promise.all(reads)) t.match(found, [/^(old|new)=1$/]);
    t.same(await target.dump(), ['new=1']);
    t.same(target.store.leases.list(), [9n]);
    t.same(target.store.alarms.list(), [{ memberId: memberId(3n), alarm: 1 }]);
    t.equal(target.store.appliedHash, source.store.appliedHash);
  },
);

t.test(
  'Store.restoreSnapshot leaves the old state when the image is not what was promised',
  async (t) => {
    const source = await StoreRig.open();
    source.applyAll([put('new', '1'), put('new', '2')]);
    const image = await source.store.openSnapshot();
    const chunks: Uint8Array[] = [];
    for await (const chunk of image.chunks) chunks.push(chunk);
    const whole = new Uint8Array(Buffer.concat(chunks));
    const { meta } = image;
    const table: [string, typeof meta, Uint8Array, string][] = [
      ['cut short', meta, whole.subarray(0, whole.length - 5), 'image'],
      ['another index', { ...meta, index: meta.index + 1 }, whole, 'image'],
      ['another term', { ...meta, term: 9 }, whole, 'image'],
      [
        'another membership',
        { ...meta, conf: { ...meta.conf, voters: [memberId(5n)] } },
        whole,
        'image',
      ],
      ['garbage', meta, new Uint8Array(100), 'image'],
    ];
    for (const [what, promised, bytes, code] of table) {
      const rig = await StoreRig.open(newHome());
      rig.ok(put('old', '1'));
      const stream = (async function* () {
        yield bytes;
      })();
      await t.rejects(rig.store.restoreSnapshot(promised, stream), { code }, what);
      t.same(await rig.dump(), ['old=1'], what);
      rig.ok(put('old', '2'));
      await rig.store.close();
      await rig.reopen();
      t.same(await rig.dump(), ['old=2'], what);
    }
    const stranger = await StoreRig.open(newHome(), { clusterId: clusterId(2n) });
    const stream = (async function* () {
      yield whole;
    })();
    await t.rejects(stranger.store.restoreSnapshot(meta, stream), { code: 'other-cluster' });
  },
);

t.test(
  'Store.restoreSnapshot that a crash interrupts leaves the old state or the new one',
  async (t) => {
    const source = await StoreRig.open();
    source.applyAll(Array.from({ length: 50 }, (_, i) => put(`new${i}`, '1')));
    const image = await source.store.openSnapshot();
    const chunks: Uint8Array[] = [];
    for await (const chunk of image.chunks) chunks.push(chunk);
    const seen = new Set<number>();
    for (let seed = 1; seed <= 60; seed++) {
      const prng = new Prng(seed);
      const schedule = (_: string, done: () => void) => void setImmediate(done);
      const home = new SimDbHome({ prng: prng.fork(), schedule });
      const rig = await StoreRig.open(home);
      rig.ok(put('old', '1'));
      const stream = (async function* () {
        yield* chunks;
      })();
      rig.store.restoreSnapshot(image.meta, stream).catch(() => {});
      for (let i = prng.int(0, 40); i > 0; i--) await turn();
      home.crash();
      const found = await openStore(home);
      const { count } = await found.mvcc.range({
        ...{ key: b('\0'), rangeEnd: b('\0'), limit: 0, revision: 0, sortOrder: 0, sortTarget: 0 },
        ...{ serializable: true, keysOnly: true, countOnly: true, minModRevision: 0 },
        ...{ maxModRevision: 0, minCreateRevision: 0, maxCreateRevision: 0 },
      });
      t.ok([0, 1, 50].includes(count), `seed ${seed}: ${count} keys`);
      t.equal(found.appliedIndex >= image.meta.index, count === 50, `seed ${seed}`);
      seen.add(count);
    }
    t.ok(seen.has(50) && seen.size > 1, 'both happened');
  },
);

t.test(
  'Store reports a failed database write once, and acknowledges nothing afterwards',
  async (t) => {
    const home = newHome();
    const rig = await StoreRig.open(home);
    rig.ok(put('a', '1'));
    await rig.store.sync();
    const durable = rig.store.durableIndex;
    home.failWrites(new Error('disk on fire'));
    rig.ok(put('a', '2'));
    await t.rejects(rig.store.sync(), /disk on fire/);
    t.equal(rig.fatal.length, 1);
    t.match((rig.fatal[0] as Error).cause, /disk on fire/);
    t.throws(() => rig.apply(put('a', '3')), /database failed/);
    await t.rejects(Promise.resolve(rig.store.prepare([])), /disk on fire/);
    await t.rejects(rig.store.sync(), /disk on fire/);
    t.equal(rig.store.durableIndex, durable);
    await rig.store.close();
  },
);

t.test('Store.prepare waits while too much waits for the database', async (t) => {
  const held: (() => void)[] = [];
  let holding = false;
  const home = new SimDbHome({
    prng: new Prng(1),
    schedule: (operation, done) => {
      if (holding && operation === 'write') held.push(done);
      else queueMicrotask(done);
    },
  });
  const rig = await StoreRig.open(home, { pendingWriteBytesMax: 1000 });
  holding = true;
  t.equal(rig.store.prepare([]), undefined);
  rig.ok(put('a', 'x'.repeat(2000)));
  const waiting = rig.store.prepare([]);
  t.ok(waiting instanceof Promise);
  t.same(await rig.dump(), [`a=${'x'.repeat(2000)}`], 'what waits is readable');
  holding = false;
  for (const done of held) done();
  await waiting;
  t.equal(rig.store.prepare([]), undefined);
});

t.test('Store.prepare brings into memory what the entries will read', async (t) => {
  const inner = newHome();
  let blocking = 0;
  const home: OrderedDbHome = {
    async openCurrent() {
      const db = await inner.openCurrent();
      const getSync = db.getSync.bind(db);
      db.getSync = (key) => {
        blocking++;
        return getSync(key);
      };
      return db;
    },
    openReplacement: () => inner.openReplacement(),
    promote: (replacement) => inner.promote(replacement),
  };
  const rig = await StoreRig.open(home, { valueCacheBytesMax: 100_000 });
  const keys = Array.from({ length: 500 }, (_, i) => `k${i}`);
  rig.applyAll(keys.map((key) => put(key, key.padEnd(1000, '.'))));
  await rig.store.sync();
  const compare = { key: b('k4'), target: 3, result: 0, value: b('k4'.padEnd(1000, '.')) };
  const commands = [
    put('k1', 'new', { prevKv: true }),
    put('k2', '', { ignoreValue: true }),
    del('k3', { prevKv: true }),
    txn({ compare: [compare], success: [{ requestRange: { key: b('k5') } }] }),
    new Uint8Array([1, 255]),
  ];
  for (const prepared of [false, true]) {
    blocking = 0;
    const from = rig.store.appliedIndex + 1;
    const entries = commands.map((data, i) => ({
      index: from + i,
      term: 1,
      data,
      conf: null,
      local: true,
    }));
    if (prepared) await rig.store.prepare(entries);
    const results = rig.store.apply(entries);
    t.equal(results[3]?.ok, true);
    t.equal(blocking === 0, prepared, `${blocking} blocking reads`);
    // Push what was read or written out of memory again.
    const filler = Array.from({ length: 200 }, (_, i) =>
      put(`k${i % 6}`, `k${i % 6}`.padEnd(1000, '.')),
    );
    const last = rig.store.appliedIndex + 1;
    rig.store.apply(
      filler.map((data, i) => ({ index: last + i, term: 1, data, conf: null, local: false })),
    );
    const cold = keys.slice(6).map((key) => put(key, key.padEnd(1000, '.')));
    const next = rig.store.appliedIndex + 1;
    rig.store.apply(
      cold.map((data, i) => ({ index: next + i, term: 1, data, conf: null, local: false })),
    );
    await rig.store.sync();
  }
});

t.test('Store writes the entries of one call, and the applied index, in one batch', async (t) => {
  const batches: string[][] = [];
  const inner = newHome();
  const home: OrderedDbHome = {
    async openCurrent() {
      const db = await inner.openCurrent();
      return new Proxy(db, {
        get(target, name) {
          const member = Reflect.get(target, name, target);
          if (typeof member !== 'function') return member;
          if (name !== 'write') return member.bind(target);
          return (batch: { key: Uint8Array }[], options: { sync: boolean }) => {
            batches.push(batch.map(({ key }) => s(key.subarray(0, 9))));
            return target.write(batch as never, options);
          };
        },
      });
    },
    openReplacement: () => inner.openReplacement(),
    promote: (replacement) => inner.promote(replacement),
  };
  const rig = await StoreRig.open(home);
  batches.length = 0;
  rig.applyAll([put('a', '1'), grant(1n), put('b', '', { lease: 55n })]);
  await turn();
  t.equal(batches.length, 1);
  t.same(batches[0], ['l\0\0\0\0\0\0\0\x01', s(packKey(2, 0).subarray(0, 9))]);
  rig.applyAll([put('b', '', { lease: 55n })]);
  await turn();
  t.same(batches[1], ['m/applied']);
});

t.test('Store.sizeBytes follows what is written and what is compacted', async (t) => {
  const rig = await StoreRig.open();
  const before = rig.store.sizeBytes();
  rig.applyAll(Array.from({ length: 100 }, () => put('a', 'x'.repeat(1000))));
  const after = rig.store.sizeBytes();
  t.ok(after.total >= before.total + 100_000);
  t.ok(after.inUse >= 100_000 && after.inUse <= after.total);
  const done = rig.ok(compact(101));
  if (done.kind === 'compact') await done.physical;
  t.ok(rig.store.sizeBytes().inUse < 5000);
  await rig.store.defragment();
  t.ok(rig.store.sizeBytes().total < 10_000);
});
