import t from 'tap';
import { Prng } from '../../src/base/prng.js';
import { History } from './history.js';
import type { KvCompare, KvOp, KvResult, KvStep, KvVersion } from './kv-model.js';

type Txn = KvOp & { kind: 'txn' };

const put = (key: string, value: string, lease = ''): KvStep => ({
  kind: 'put',
  key,
  value,
  lease,
});
const get = (key: string): KvStep => ({ kind: 'get', key });
const del = (key: string): KvStep => ({ kind: 'delete', key });
const txn = (success: KvStep[], compares: KvCompare[] = [], failure: KvStep[] = []): Txn => ({
  kind: 'txn',
  compares,
  success,
  failure,
  result: null,
});
const found = (value: string, modRevision: number, version = 1, createRevision = modRevision) =>
  ({ kind: 'get', found: { value, version, createRevision, modRevision, lease: '' } }) as const;
const absent = { kind: 'get', found: null } as const;
const answer = (
  revision: number,
  steps: KvResult['steps'] = [{ kind: 'put' }],
  succeeded = true,
): KvResult => ({ revision, succeeded, steps });

/** [what, called at, answered at, answer]; without an answer the outcome is unknown. */
type Row = readonly [op: KvOp, call: number, end?: number, result?: KvResult];

const histories: readonly { name: string; rows: readonly Row[]; violates?: RegExp }[] = [
  {
    name: 'accepts reads of what was written',
    rows: [
      [txn([put('a', '1')]), 0, 1, answer(2)],
      [txn([get('a')]), 2, 3, answer(2, [found('1', 2)])],
      [txn([del('a')]), 4, 5, answer(3, [{ kind: 'delete', deleted: 1 }])],
      [txn([get('a')]), 6, 7, answer(3, [absent])],
    ],
  },
  {
    name: 'refuses a stale read',
    rows: [
      [txn([put('a', '1')]), 0, 1, answer(2)],
      [txn([get('a')]), 2, 3, answer(2, [absent])],
    ],
    violates: /^linearizability/,
  },
  {
    name: 'refuses a read with an older revision than an answer seen before it',
    rows: [
      [txn([put('a', '1')]), 0, 1, answer(2)],
      [txn([get('b')]), 2, 3, answer(1, [absent])],
    ],
    violates: /^revisions follow real time/,
  },
  {
    name: 'refuses one revision for two writes',
    rows: [
      [txn([put('a', '1')]), 0, 5, answer(2)],
      [txn([put('b', '1')]), 1, 5, answer(2)],
    ],
    violates: /^a revision belongs to one write/,
  },
  {
    name: 'refuses a lost update between compare and swap',
    rows: [
      [txn([put('a', '0')]), 0, 1, answer(2)],
      [txn([put('a', '1')], [{ key: 'a', target: 'mod', equals: 2 }]), 2, 5, answer(3)],
      [txn([put('a', '2')], [{ key: 'a', target: 'mod', equals: 2 }]), 2, 5, answer(4)],
    ],
    violates: /^linearizability/,
  },
  {
    name: 'accepts that one of two swaps loses and reads what the other wrote',
    rows: [
      [txn([put('a', '0')]), 0, 1, answer(2)],
      [txn([put('a', '1')], [{ key: 'a', target: 'mod', equals: 2 }]), 2, 5, answer(3)],
      [
        txn([put('a', '2')], [{ key: 'a', target: 'mod', equals: 2 }], [get('a')]),
        2,
        5,
        answer(3, [found('1', 3, 2, 2)], false),
      ],
    ],
  },
  {
    name: 'accepts a write of unknown outcome that a read shows later',
    rows: [
      [txn([put('a', '1')]), 0],
      [txn([get('a')]), 1, 2, answer(1, [absent])],
      [txn([get('a')]), 3, 4, answer(2, [found('1', 2)])],
    ],
  },
  {
    name: 'refuses a write of unknown outcome that took effect twice',
    rows: [
      [txn([put('a', '1')]), 0],
      [txn([get('a')]), 1, 2, answer(2, [found('1', 2)])],
      [txn([get('a')]), 3, 4, answer(3, [found('1', 3, 2, 2)])],
    ],
    violates: /^linearizability/,
  },
  {
    name: 'refuses a write of unknown outcome where no revision is left for it',
    rows: [
      [txn([put('a', '1')]), 0],
      [txn([put('b', '1')]), 1, 2, answer(2)],
      [txn([put('b', '2')]), 3, 4, answer(3)],
      [txn([get('a')]), 5, 6, answer(3, [found('1', 3)])],
    ],
    violates: /^a revision belongs to one write/,
  },
  {
    name: 'refuses a delete of unknown outcome where no revision is left for it',
    rows: [
      [txn([put('a', '1')]), 0, 1, answer(2)],
      [txn([del('a')]), 1],
      [txn([put('b', '1')]), 2, 3, answer(3)],
      [txn([get('a')]), 4, 5, answer(3, [absent])],
    ],
    violates: /^linearizability/,
  },
  {
    name: 'accepts two deletes of unknown outcome, one for each time that the key vanished',
    rows: [
      [txn([del('a')]), 0],
      [txn([del('a')]), 0],
      [txn([put('a', '1')]), 1, 2, answer(2, [{ kind: 'put', previous: null }])],
      [txn([put('a', '2')]), 3, 4, answer(4, [{ kind: 'put', previous: null }])],
      [txn([get('a')]), 5, 6, answer(5, [absent])],
    ],
  },
  {
    name: 'refuses one delete of unknown outcome for two times that the key vanished',
    rows: [
      [txn([del('a')]), 0],
      [txn([put('a', '1')]), 1, 2, answer(2, [{ kind: 'put', previous: null }])],
      [txn([put('a', '2')]), 3, 4, answer(4, [{ kind: 'put', previous: null }])],
      [txn([get('a')]), 5, 6, answer(5, [absent])],
    ],
    violates: /^linearizability/,
  },
  {
    name: 'refuses that an earlier call of the same effect stands for a later one twice',
    rows: [
      [txn([del('a')]), 0],
      [txn([put('a', '1')]), 1, 2, answer(2, [{ kind: 'put', previous: null }])],
      [txn([put('a', '2')]), 3, 4, answer(4, [{ kind: 'put', previous: null }])],
      [txn([get('a')]), 5, 6, answer(5, [absent])],
      [txn([del('a')]), 7],
    ],
    violates: /^linearizability/,
  },
  {
    name: 'accepts a creation of unknown outcome, at the revision that a later version tells',
    rows: [
      [txn([put('a', '1')]), 0],
      [txn([put('b', '1')]), 1, 2, answer(3)],
      [txn([put('a', '2')]), 3, 4, answer(4)],
      [txn([get('a')]), 5, 6, answer(4, [found('2', 4, 2, 2)])],
    ],
  },
  ...[3, 4, 5].map((createRevision) => ({
    name: `refuses a creation of unknown outcome at revision ${createRevision}, which is another's or too late`,
    rows: [
      [txn([put('a', '1')]), 0],
      [txn([put('b', '1')]), 1, 2, answer(3)],
      [txn([put('a', '2')]), 3, 4, answer(4)],
      [txn([get('a')]), 5, 6, answer(5, [found('2', 4, 2, createRevision)])],
    ] satisfies readonly Row[],
    violates: /^linearizability/,
  })),
  {
    name: 'accepts the one of two conditional puts of unknown outcome whose condition held',
    rows: [
      [txn([put('a', '1')]), 0, 1, answer(2)],
      [txn([put('a', '2')], [{ key: 'a', target: 'mod', equals: 1 }]), 2],
      [txn([put('a', '3')], [{ key: 'a', target: 'mod', equals: 2 }]), 3],
      [txn([put('a', '4')]), 4, 5, answer(4)],
      [txn([get('a')]), 6, 7, answer(4, [found('4', 4, 3, 2)])],
    ],
  },
  {
    name: 'refuses a shown put whose version nothing explains',
    rows: [
      [txn([put('a', '1')]), 0, 1, answer(2)],
      [txn([put('a', '2')]), 2],
      [txn([get('a')]), 3, 4, answer(4, [found('2', 4, 1, 4)])],
    ],
    violates: /^linearizability/,
  },
  {
    name: 'refuses half of an atomic pair',
    rows: [
      [txn([put('a', '1'), put('b', '1')]), 0, 1, answer(2, [{ kind: 'put' }, { kind: 'put' }])],
      [txn([get('a'), get('b')]), 2, 3, answer(2, [found('1', 2), absent])],
    ],
    violates: /^linearizability/,
  },
  {
    name: 'refuses a version number that skips a write',
    rows: [
      [txn([put('a', '1')]), 0, 1, answer(2)],
      [txn([put('a', '2')]), 2, 3, answer(3)],
      [txn([get('a')]), 4, 5, answer(3, [found('2', 3, 3, 2)])],
    ],
    violates: /^linearizability/,
  },
  {
    name: 'accepts that the end of a lease deletes its key, once',
    rows: [
      [txn([put('a', '1', '7')]), 0, 1, answer(2)],
      [{ kind: 'expire', lease: '7' }, 2],
      [txn([get('a')]), 3, 4, answer(3, [absent])],
    ],
  },
  {
    name: 'refuses a key that vanishes without the end of its own lease',
    rows: [
      [txn([put('a', '1', '7')]), 0, 1, answer(2)],
      [{ kind: 'expire', lease: '8' }, 2],
      [txn([get('a')]), 3, 4, answer(3, [absent])],
    ],
    violates: /^linearizability/,
  },
];

function record(rows: readonly Row[]): History {
  const history = new History();
  for (const [op, call, end, result] of rows) {
    const operation = history.begin('c', call, op, false);
    if (end !== undefined && result !== undefined) history.end(operation, end, result);
  }
  return history;
}

for (const { name, rows, violates } of histories) {
  t.test(`History.check ${name}`, async (t) => {
    const history = record(rows);
    if (violates === undefined) t.doesNotThrow(() => history.check());
    else t.throws(() => history.check(), { message: violates });
  });
}

t.test('History.refuse takes an operation out of what must be explained', async (t) => {
  const history = record([[txn([put('a', '1')]), 0]]);
  history.refuse(history.operations[0]!);
  const read = history.begin('c', 1, txn([get('a')]), false);
  history.end(read, 2, answer(2, [found('1', 2)]));
  t.throws(() => history.check(), { message: /^linearizability/ });
});

t.test('History.check knows the revisions of other keys that watchers were shown', async (t) => {
  const rows: readonly Row[] = [
    [txn([put('a', '1')]), 0, 1, answer(2)],
    [txn([del('a')]), 2],
    [txn([get('a')]), 3, 4, answer(3, [absent])],
  ];
  t.doesNotThrow(() => record(rows).check());
  const history = record(rows);
  history.seeEvent({ key: 'b', modRevision: 3, version: null, at: 5 });
  t.throws(() => history.check(), { message: /^linearizability/ });
});

t.test('History.check refuses what was seen before it was asked for', async (t) => {
  const history = record([[txn([get('a')]), 0, 1, answer(2, [found('1', 2)])]]);
  history.begin('c', 2, txn([put('a', '1')]), false);
  t.throws(() => history.check(), { message: /^nothing is seen before it is asked for/ });
});

t.test('History.seeVersion refuses two contents of one revision', async (t) => {
  const history = new History();
  const version: KvVersion = {
    value: '1',
    version: 1,
    createRevision: 5,
    modRevision: 5,
    lease: '',
  };
  history.seeVersion('a', version, 0);
  history.seeVersion('a', version, 0);
  t.throws(() => history.seeVersion('a', { ...version, value: '2' }, 1), {
    message: /^one version of a key per revision/,
  });
});

t.test('History.check explains true histories quickly, and no altered one', async (t) => {
  let refused = 0;
  for (let seed = 0; seed < 60; seed++) {
    const { history, reads } = trueHistory(new Prng(seed), 800);
    const { steps } = history.check();
    if (steps > 100_000) t.fail(`seed ${seed} took ${steps} steps`);
    const victim = reads[seed % reads.length];
    if (victim === undefined || victim.op.kind !== 'txn' || victim.op.result === null) continue;
    const first = victim.op.result.steps[0];
    if (first?.kind !== 'get' || first.found === null) continue;
    const altered = { ...first.found, value: `${first.found.value}?` };
    victim.op = {
      ...victim.op,
      result: { ...victim.op.result, steps: [{ kind: 'get', found: altered }] },
    };
    t.throws(() => history.check(), { message: /^linearizability/ }, `seed ${seed}`);
    refused++;
  }
  t.ok(refused > 20, `${refused} histories were altered`);
});

/** A history that a correct store produced: operations take effect at one point between call and answer. */
function trueHistory(prng: Prng, count: number) {
  const history = new History();
  const reads: History['operations'] = [];
  const state = new Map<string, KvVersion>();
  let revision = 1;
  for (let i = 0; i < count; i++) {
    const key = prng.pick(['a', 'b', 'c']);
    const call = i * 10 - prng.int(0, 40);
    const end = i * 10 + prng.int(0, 40);
    if (prng.chance(0.4)) {
      const operation = history.begin('c', call, txn([get(key)]), false);
      history.end(
        operation,
        end,
        answer(revision, [{ kind: 'get', found: state.get(key) ?? null }]),
      );
      reads.push(operation);
      continue;
    }
    const isUnknown = prng.chance(0.1);
    const operation = history.begin('c', call, txn([put(key, String(i))]), false);
    if (isUnknown && prng.chance(0.5)) continue;
    revision++;
    const before = state.get(key);
    state.set(key, {
      value: String(i),
      version: (before?.version ?? 0) + 1,
      createRevision: before?.createRevision ?? revision,
      modRevision: revision,
      lease: '',
    });
    const previous = before ?? null;
    if (!isUnknown) history.end(operation, end, answer(revision, [{ kind: 'put', previous }]));
  }
  return { history, reads };
}
