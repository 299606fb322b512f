import t from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import {
  type AutoCompactionPolicy,
  AutoCompactor,
} from '../../../src/store/member/auto-compaction.js';
import { ManualClock } from '../manual-clock.js';

const minuteMs = 60_000;

function start(policy: AutoCompactionPolicy) {
  const clock = new ManualClock();
  const state = { revision: 1, compactRevision: -1, isLeader: true, failing: false };
  const compacted: number[] = [];
  const compactor = new AutoCompactor({
    policy,
    clock,
    logger: silentLogger,
    isLeader: () => state.isLeader,
    revision: () => state.revision,
    compactRevision: () => state.compactRevision,
    compact: async (revision) => {
      if (state.failing) throw new Error('no quorum');
      compacted.push(revision);
      state.compactRevision = revision;
    },
  });
  return { clock, state, compacted, compactor };
}

t.test('AutoCompactor by age compacts to what was current one retention ago', async (t) => {
  const { clock, state, compacted, compactor } = start({
    mode: 'periodic',
    retentionMs: 10 * minuteMs,
  });
  for (let minute = 0; minute < 25; minute++) {
    state.revision = 100 + minute;
    await clock.advance(minuteMs);
  }
  t.equal(compacted.length, 2, 'once in each retention');
  for (const revision of compacted)
    t.ok(revision <= state.revision - 10, `${revision} is old enough`);
  compactor.close();
  t.equal(clock.timerCount, 0);
});

t.test(
  'AutoCompactor by age leaves history alone that is younger than the retention',
  async (t) => {
    const { clock, state, compacted, compactor } = start({
      mode: 'periodic',
      retentionMs: 10 * minuteMs,
    });
    state.revision = 50;
    await clock.advance(9 * minuteMs);
    t.same(compacted, []);
    compactor.close();
  },
);

t.test('AutoCompactor by count keeps the newest revisions', async (t) => {
  const { clock, state, compacted, compactor } = start({
    mode: 'revision',
    retentionRevisions: 100,
  });
  state.revision = 90;
  await clock.advance(6 * minuteMs);
  t.same(compacted, [], 'there are not so many');
  state.revision = 1000;
  await clock.advance(5 * minuteMs);
  t.same(compacted, [900]);
  await clock.advance(5 * minuteMs);
  t.same(compacted, [900], 'nothing new');
  compactor.close();
});

t.test('AutoCompactor acts on the leader only, and goes on after a failure', async (t) => {
  const { clock, state, compacted, compactor } = start({ mode: 'revision', retentionRevisions: 1 });
  state.revision = 10;
  state.isLeader = false;
  await clock.advance(6 * minuteMs);
  t.same(compacted, []);
  state.isLeader = true;
  state.failing = true;
  await clock.advance(5 * minuteMs);
  state.failing = false;
  await clock.advance(5 * minuteMs);
  t.same(compacted, [9]);
  compactor.close();
});
