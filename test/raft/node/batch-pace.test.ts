import t from 'tap';
import { BatchPace, type Waiting } from '../../../src/raft/node/batch-pace.js';

const kibibyte = 1024;
const waiting = (pendingCount: number, queuedCount: number, queuedBytes = 100): Waiting => ({
  pendingCount,
  queuedCount,
  queuedBytes,
});

const cases: readonly {
  readonly name: string;
  /** How many waited when a batch left at 0 ms; undefined: none has. */
  readonly before?: number;
  readonly now: Waiting;
  readonly isCommitting: boolean;
  readonly atMs: number;
  readonly heldMs: number;
}[] = [
  { name: 'the first', now: waiting(1, 1), isCommitting: false, atMs: 0, heldMs: 0 },
  { name: 'one of few', before: 63, now: waiting(63, 1), isCommitting: true, atMs: 0, heldMs: 0 },
  {
    name: 'few while many are being committed',
    before: 64,
    now: waiting(191, 127),
    isCommitting: true,
    atMs: 100,
    heldMs: Number.POSITIVE_INFINITY,
  },
  {
    name: 'few once they are committed',
    before: 100,
    now: waiting(200, 10),
    isCommitting: false,
    atMs: 0,
    heldMs: 0,
  },
  {
    name: 'enough while many are being committed',
    before: 64,
    now: waiting(192, 128),
    isCommitting: true,
    atMs: 0,
    heldMs: 0,
  },
  {
    name: 'less than half of a crowd',
    before: 1000,
    now: waiting(1000, 499),
    isCommitting: true,
    atMs: 3,
    heldMs: 13,
  },
  {
    name: 'less than half of the crowd that was there, all others being answered',
    before: 1000,
    now: waiting(10, 10),
    isCommitting: false,
    atMs: 3,
    heldMs: 13,
  },
  {
    name: 'half of a crowd',
    before: 1000,
    now: waiting(1000, 500),
    isCommitting: true,
    atMs: 3,
    heldMs: 0,
  },
  {
    name: 'less than half for too long',
    before: 1000,
    now: waiting(1000, 200),
    isCommitting: true,
    atMs: 16,
    heldMs: 0,
  },
  {
    name: 'few that are large',
    before: 1000,
    now: waiting(1000, 10, 256 * kibibyte),
    isCommitting: true,
    atMs: 0,
    heldMs: 0,
  },
];

for (const { name, before, now, isCommitting, atMs, heldMs } of cases) {
  t.test(`BatchPace holds back ${name}: ${heldMs} ms`, async (t) => {
    const pace = new BatchPace();
    if (before !== undefined) pace.onBatch(before, 0);
    t.equal(pace.holdMs(now, isCommitting, atMs), heldMs);
  });
}

t.test('BatchPace forgets a crowd that is gone', async (t) => {
  const pace = new BatchPace();
  pace.onBatch(1000, 0);
  t.equal(pace.holdMs(waiting(10, 10), false, 1), 15);
  let batches = 0;
  for (; pace.holdMs(waiting(10, 10), false, batches) > 0; batches++) pace.onBatch(10, batches);
  t.ok(batches < 20, `${batches} batches`);
});
