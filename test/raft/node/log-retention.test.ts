import t from 'tap';
import type { RaftCore } from '../../../src/raft/core/index.js';
import { LogRetention } from '../../../src/raft/node/log-retention.js';

/** A retention over a state machine that is synced only when asked, with 100-byte entries. */
function start(
  options: { catchUpEntries?: number; catchUpBytes?: number; keepFrom?: number } = {},
) {
  const machine = {
    appliedIndex: 0,
    durableIndex: 0,
    syncs: 0,
    async sync() {
      machine.syncs++;
      machine.durableIndex = machine.appliedIndex;
      return machine.durableIndex;
    },
  };
  const compacted: number[] = [];
  const released: number[] = [];
  const retention = new LogRetention({
    core: { compact: (index: number) => compacted.push(index) } as unknown as RaftCore,
    stateMachine: machine,
    release: async (index) => {
      released.push(index);
    },
    keepFrom: () => options.keepFrom ?? Number.POSITIVE_INFINITY,
    catchUpEntries: options.catchUpEntries ?? 10,
    catchUpBytes: options.catchUpBytes ?? 1_000_000,
    syncAfterEntries: 100,
    syncAfterBytes: 1_000_000,
    releaseUnsynced: false,
    onFatal: (error) => t.fail(String(error)),
  });
  const apply = async (count: number) => {
    for (let i = 0; i < count; i++) {
      machine.appliedIndex++;
      const data = new Uint8Array(100);
      retention.onApplied([
        { index: machine.appliedIndex, term: 1, data, conf: null, local: false },
      ]);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { machine, compacted, released, apply };
}

t.test(
  'LogRetention syncs before it releases, and keeps entries for lagging followers',
  async (t) => {
    const { machine, compacted, released, apply } = start();
    await apply(99);
    t.equal(machine.syncs, 0);
    await apply(1);
    t.equal(machine.syncs, 1);
    t.same(released, [90]);
    t.same(compacted, [90]);
  },
);

t.test('LogRetention keeps no more bytes than allowed', async (t) => {
  const { released, apply } = start({ catchUpEntries: 1000, catchUpBytes: 500 });
  await apply(100);
  t.same(released, [95]);
});

t.test('LogRetention keeps what the receiver of a snapshot will need', async (t) => {
  const { released, apply } = start({ keepFrom: 51 });
  await apply(100);
  t.same(released, [50]);
});
