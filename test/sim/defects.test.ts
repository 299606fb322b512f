import t from 'tap';
import { type Defect, defects } from '../../src/base/defect.js';
import type { Profile } from './knobs.js';
import { runSeed } from './run.js';

/**
 * Each seeded defect, the profile that brings it out (part of the ordinary rotation), and within how many seeds it must be
 * found. docs/internals/simulator.md has the same table, with how many it takes.
 */
const table: readonly (readonly [defect: Defect, profile: Profile, seedsMax: number])[] = [
  ['vote-before-durable', 'elections', 10],
  ['commit-old-term-by-count', 'elections', 50],
  ['truncate-always', 'network', 20],
  ['read-before-term-commit', 'reads', 200],
  ['read-without-quorum', 'reads', 250],
  ['self-ack-before-durable', 'calm', 10],
  ['append-ack-before-durable', 'calm', 20],
  ['commit-beyond-verified', 'elections', 120],
  ['vote-for-stale-log', 'elections', 40],
  ['joint-ignores-outgoing', 'members', 100],
  ['applied-apart-from-data', 'crashes', 20],
  ['value-file-unsynced', 'crashes', 20],
  ['value-file-removed-early', 'mixed', 50],
  ['log-released-before-synced', 'snapshots', 150],
  ['wal-trusts-recycled', 'snapshots', 20],
  ['forward-retried-blindly', 'elections', 40],
  ['lease-expiry-unconditional', 'leases', 150],
  ['stale-permissions', 'auth', 20],
];

/**
 * What a whole cluster does not show, and which tests do. A completion of an overwritten write can only be believed by a
 * leader that was elected while it was on its way, but its own vote waits behind it on the same disk. A record that is
 * skipped leaves a gap in the entries, which recovery refuses for another reason.
 */
const foundElsewhere: Partial<Record<Defect, string>> = {
  'stale-durable-accepted': 'test/raft/core/checklist-replication.test.ts',
  'wal-skips-bad-record': 'test/raft/wal/corruption.test.ts',
};

for (const [defect, profile, seedsMax] of table) {
  t.test(`the simulator finds ${defect} within ${seedsMax} seeds`, async (t) => {
    for (let seed = 1; seed <= seedsMax; seed++) {
      const { failure } = await runSeed({
        seed,
        profile,
        defects: new Set([defect]),
        onLine: null,
      });
      if (failure === null) continue;
      t.pass(`seed ${seed}: ${failure.property}`);
      return;
    }
    t.fail(`bin/flotilla sim --seed 1 --count ${seedsMax} --profile ${profile} --defect ${defect}`);
  });
}

t.test('the table of defects names every defect', async (t) => {
  const named = [...table.map(([defect]) => defect), ...Object.keys(foundElsewhere)];
  t.same(named.sort(), [...defects].sort());
});
