import t from 'tap';
import { setVerify } from '../../../src/base/assert.js';
import type { Defect } from '../../../src/base/defect.js';
import { runModel } from './model.js';

setVerify(true);

/** `RAFT_SEED=123 RAFT_RUNS=1` replays one run. */
const firstSeed = Number(process.env.RAFT_SEED ?? 1);
const runs = Number(process.env.RAFT_RUNS ?? 400);
const steps = 800;

t.test('model: random faults break no invariant, and the cluster recovers', (t) => {
  let commits = 0;
  let changes = 0;
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    try {
      const { checker } = runModel(seed, { steps });
      commits += checker.commitMax;
      changes += checker.committed.filter((entry) => entry?.kind === 'config').length;
    } catch (error) {
      const replay = `RAFT_SEED=${seed} RAFT_RUNS=1 npx tap dist/test/raft/core/model.test.js`;
      throw new Error(`seed ${seed}: ${(error as Error).message}; replay: ${replay}`, {
        cause: error,
      });
    }
  }
  // A model in which nothing happens proves nothing.
  t.ok(commits > 5 * runs, `${commits} entries committed`);
  t.ok(changes > runs / 10, `${changes} membership changes`);
  t.end();
});

/** All that concern the core. */
const found: readonly Defect[] = [
  'vote-before-durable',
  'commit-old-term-by-count',
  'truncate-always',
  'read-before-term-commit',
  'read-without-quorum',
  'self-ack-before-durable',
  'append-ack-before-durable',
  'commit-beyond-verified',
  'vote-for-stale-log',
  'joint-ignores-outgoing',
  'stale-durable-accepted',
];

for (const defect of found) {
  t.test(`model: the seeded defect ${defect} is found`, (t) => {
    let seed = 1;
    for (; seed <= 1500; seed++) {
      try {
        runModel(seed, { steps, defects: new Set([defect]) });
      } catch {
        break;
      }
    }
    t.ok(seed <= 1500, `found by seed ${seed}`);
    t.end();
  });
}
