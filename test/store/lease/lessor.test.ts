import t from 'tap';
import { noDefects } from '../../../src/base/defect.js';
import { StoreError } from '../../../src/store/errors.js';
import { Lessor } from '../../../src/store/lease/lessor.js';
import { ManualClock } from '../manual-clock.js';

function newLessor(clock = new ManualClock()) {
  return { clock, lessor: new Lessor({ clock, minTtlSeconds: 2, defects: noDefects }) };
}

const codeOf = (run: () => unknown) => {
  try {
    run();
    return 'none';
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return error.code;
  }
};
const text = (keys: readonly Uint8Array[]) =>
  keys.map((key) => Buffer.from(key).toString('latin1'));

t.test('Lessor.grant raises a TTL to the minimum and refuses one that is too large', async (t) => {
  const table: readonly (readonly [ttl: number, granted: number | 'lease-ttl-too-large'])[] = [
    [-5, 2],
    [0, 2],
    [1, 2],
    [2, 2],
    [3, 3],
    [9_000_000_000, 9_000_000_000],
    [9_000_000_001, 'lease-ttl-too-large'],
  ];
  for (const [TTL, granted] of table) {
    const { lessor } = newLessor();
    const code = codeOf(() => {
      const { record } = lessor.grant({ ID: 1n, TTL }, 7);
      t.same(record, { id: 1n, ttlSeconds: granted, remainingTtlMs: 0, renewedIndex: 7 });
    });
    t.equal(code, typeof granted === 'number' ? 'none' : granted, `TTL ${TTL}`);
    t.equal(lessor.has(1n), typeof granted === 'number');
  }
});

t.test('Lessor refuses a second grant of an id, and id 0', async (t) => {
  const { lessor } = newLessor();
  lessor.grant({ ID: 5n, TTL: 10 }, 1);
  t.equal(
    codeOf(() => lessor.grant({ ID: 5n, TTL: 10 }, 2)),
    'lease-exists',
  );
  t.equal(
    codeOf(() => lessor.grant({ ID: 0n, TTL: 10 }, 2)),
    'lease-not-found',
  );
  t.same(lessor.expirable([{ id: 5n, renewedIndex: 1 }]), [5n], 'the first one is untouched');
});

t.test('Lessor treats negative ids like any other (PR14239)', async (t) => {
  const { lessor } = newLessor();
  lessor.grant({ ID: -(2n ** 63n), TTL: 10 }, 1);
  lessor.attach(-(2n ** 63n), 'k');
  t.same(lessor.list(), [-(2n ** 63n)]);
  t.same(lessor.revoke(-(2n ** 63n)), ['k']);
});

t.test('Lessor answers for a lease that is not there without failing (6537)', async (t) => {
  const { lessor } = newLessor();
  t.equal(lessor.lookup(9n), undefined);
  t.same(lessor.keys(9n), []);
  t.same(lessor.renew([9n], 1), { ttlSeconds: [0], changed: [] });
  t.same(lessor.expirable([{ id: 9n, renewedIndex: 1 }]), []);
  t.same(lessor.checkpoint([{ id: 9n, remainingTtlMs: 1, renewedIndex: 1 }]), { changed: [] });
  t.equal(
    codeOf(() => lessor.revoke(9n)),
    'lease-not-found',
  );
  t.equal(
    codeOf(() => lessor.attach(9n, 'k')),
    'lease-not-found',
  );
  lessor.detach(9n, 'k');
});

t.test(
  'Lessor.revoke gives the keys in byte order whatever order they came in (6558)',
  async (t) => {
    const { lessor } = newLessor();
    lessor.grant({ ID: 1n, TTL: 10 }, 1);
    for (const key of ['b', '\xff', 'a', '', 'B', '\x00']) lessor.attach(1n, key);
    t.same(text(lessor.keys(1n)), ['', '\x00', 'B', 'a', 'b', '\xff']);
    t.same(lessor.revoke(1n), ['', '\x00', 'B', 'a', 'b', '\xff']);
    t.notOk(lessor.has(1n));
  },
);

t.test('Lessor.attach moves a key from the lease that had it', async (t) => {
  const { lessor } = newLessor();
  lessor.grant({ ID: 1n, TTL: 10 }, 1);
  lessor.grant({ ID: 2n, TTL: 10 }, 2);
  lessor.attach(1n, 'k');
  lessor.attach(2n, 'k');
  t.same([text(lessor.keys(1n)), text(lessor.keys(2n))], [[], ['k']]);
  lessor.detach(1n, 'k');
  t.same(text(lessor.keys(2n)), ['k'], 'detaching from the lease that lost it changes nothing');
  lessor.detach(2n, 'k');
  t.same(lessor.revoke(2n), []);
});

t.test('Lessor.renew answers in order of the request, and stores each lease once', async (t) => {
  const { lessor, clock } = newLessor();
  lessor.grant({ ID: 1n, TTL: 10 }, 1);
  lessor.grant({ ID: 2n, TTL: 20 }, 2);
  clock.jump(8_500);
  t.equal(lessor.lookup(1n)?.remainingTtlSeconds, 1);
  t.same(lessor.renew([2n, 9n, 1n, 2n], 3), {
    ttlSeconds: [20, 0, 10, 20],
    changed: [
      { id: 2n, ttlSeconds: 20, remainingTtlMs: 0, renewedIndex: 3 },
      { id: 1n, ttlSeconds: 10, remainingTtlMs: 0, renewedIndex: 3 },
    ],
  });
  t.equal(lessor.lookup(1n)?.remainingTtlSeconds, 10);
});

t.test('Lessor renews a lease past its local deadline: only the log ends a lease', async (t) => {
  const { lessor, clock } = newLessor();
  lessor.grant({ ID: 1n, TTL: 10 }, 1);
  clock.jump(3_600_000);
  t.same(lessor.lookup(1n), { id: 1n, grantedTtlSeconds: 10, remainingTtlSeconds: 0 });
  t.same(lessor.renew([1n], 2).ttlSeconds, [10]);
  t.equal(lessor.lookup(1n)?.remainingTtlSeconds, 10);
});

t.test(
  'Lessor.renew gives 0 for a lease that was revoked before it in the log (PR20616)',
  async (t) => {
    const { lessor } = newLessor();
    lessor.grant({ ID: 1n, TTL: 10 }, 1);
    lessor.revoke(1n);
    t.same(lessor.renew([1n], 3), { ttlSeconds: [0], changed: [] });
  },
);

t.test(
  'Lessor.expirable takes only leases not renewed since, each once (12528, 15247)',
  async (t) => {
    const { lessor } = newLessor();
    lessor.grant({ ID: 1n, TTL: 10 }, 1);
    lessor.grant({ ID: 2n, TTL: 10 }, 2);
    lessor.renew([2n], 5);
    const items = [
      { id: 1n, renewedIndex: 1 },
      { id: 2n, renewedIndex: 2 },
      { id: 1n, renewedIndex: 1 },
    ];
    t.same(lessor.expirable(items), [1n]);
    t.same(lessor.expirable([{ id: 2n, renewedIndex: 5 }]), [2n]);
    t.same(lessor.expirable([{ id: 2n, renewedIndex: 6 }]), [], 'nor one that it cannot know of');
  },
);

t.test('Lessor.expirable has a defect for the simulator to find', async (t) => {
  const clock = new ManualClock();
  const defects = new Set(['lease-expiry-unconditional'] as const);
  const lessor = new Lessor({ clock, minTtlSeconds: 2, defects });
  lessor.grant({ ID: 1n, TTL: 10 }, 1);
  lessor.renew([1n], 5);
  t.same(lessor.expirable([{ id: 1n, renewedIndex: 1 }]), [1n]);
});

t.test(
  'Lessor.checkpoint shortens a lease, never lengthens it, and not one renewed since',
  async (t) => {
    const { lessor } = newLessor();
    lessor.grant({ ID: 1n, TTL: 100 }, 1);
    const check = (remainingTtlMs: number, renewedIndex: number) =>
      lessor
        .checkpoint([{ id: 1n, remainingTtlMs, renewedIndex }])
        .changed.map((record) => record.remainingTtlMs);
    t.same(check(100_000, 1), [], 'the full TTL is what it has');
    t.same(check(60_000, 1), [60_000]);
    t.equal(lessor.lookup(1n)?.remainingTtlSeconds, 60);
    t.same(check(80_000, 1), [], 'a leader that knows less adds nothing');
    t.same(check(0, 1), []);
    t.same(check(-1, 1), []);
    t.equal(lessor.lookup(1n)?.remainingTtlSeconds, 60);
    t.same(lessor.renew([1n], 9).changed, [
      { id: 1n, ttlSeconds: 100, remainingTtlMs: 0, renewedIndex: 9 },
    ]);
    t.same(check(50_000, 1), [], 'it counts from a renewal that is past');
    t.equal(lessor.lookup(1n)?.remainingTtlSeconds, 100);
  },
);

t.test('Lessor.checkpoint does not put off a deadline that is known to be earlier', async (t) => {
  const { lessor, clock } = newLessor();
  lessor.grant({ ID: 1n, TTL: 100 }, 1);
  clock.jump(50_000);
  lessor.checkpoint([{ id: 1n, remainingTtlMs: 70_000, renewedIndex: 1 }]);
  t.equal(lessor.lookup(1n)?.remainingTtlSeconds, 50);
});

t.test(
  'Lessor.load counts from the checkpointed rest, so restarts make no lease younger (PR13508)',
  async (t) => {
    const { lessor, clock } = newLessor();
    lessor.grant({ ID: 9n, TTL: 10 }, 1);
    const records = [
      { id: 1n, ttlSeconds: 100, remainingTtlMs: 30_000, renewedIndex: 4 },
      { id: 2n, ttlSeconds: 50, remainingTtlMs: 0, renewedIndex: 5 },
    ];
    lessor.load(records, [
      [1n, 'b'],
      [1n, 'a'],
    ]);
    t.notOk(lessor.has(9n));
    t.same(text(lessor.keys(1n)), ['a', 'b']);
    t.equal(lessor.lookup(1n)?.remainingTtlSeconds, 30);
    t.equal(lessor.lookup(2n)?.remainingTtlSeconds, 50);
    t.same(lessor.list(), [1n, 2n], 'the one to end first ahead');
    clock.jump(30_000);
    const taken = lessor.takeExpired({ countMax: 10, retryMs: 1000 });
    t.same(taken, [{ id: 1n, renewedIndex: 4 }]);
  },
);

t.test('Lessor has the same records on members whose clocks differ', async (t) => {
  const members = [newLessor(), newLessor()] as const;
  members[1].clock.jump(123_456);
  const stored = members.map(({ lessor, clock }, i) => {
    const records = [lessor.grant({ ID: 1n, TTL: 60 }, 1).record];
    clock.jump(i * 90_000);
    records.push(
      ...lessor.checkpoint([{ id: 1n, remainingTtlMs: 20_000, renewedIndex: 1 }]).changed,
    );
    clock.jump(i * 90_000);
    const renewed = lessor.renew([1n, 2n], 3);
    t.same(renewed.ttlSeconds, [60, 0]);
    records.push(...renewed.changed);
    return { records, expirable: lessor.expirable([{ id: 1n, renewedIndex: 3 }]) };
  });
  t.same(stored[0], stored[1]);
});

t.test('Lessor keeps its heaps straight with 100,000 leases', async (t) => {
  const { lessor, clock } = newLessor();
  const count = 100_000;
  for (let i = 1; i <= count; i++) lessor.grant({ ID: BigInt(i), TTL: 10 + (i % 50) }, i);
  for (let i = 1; i <= count; i += 2) lessor.renew([BigInt(i)], count + i);
  for (let i = 4; i <= count; i += 4) lessor.revoke(BigInt(i));
  clock.jump(40_000);
  let expired = 0;
  for (;;) {
    const items = lessor.takeExpired({ countMax: 1000, retryMs: 3000 });
    if (items.length === 0) break;
    t.ok(items.length <= 1000);
    expired += items.length;
  }
  let expected = 0;
  for (let i = 1; i <= count; i++) if (i % 4 !== 0 && 10 + (i % 50) <= 40) expected++;
  t.equal(expired, expected);
  t.equal(lessor.list().length, count - Math.floor(count / 4));
});
