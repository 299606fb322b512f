import t from 'tap';
import { noDefects } from '../../../src/base/defect.js';
import { silentLogger } from '../../../src/base/logger.js';
import { type ApplyResult, CommandKind } from '../../../src/store/contracts.js';
import { StoreError } from '../../../src/store/errors.js';
import { LeaseKeeper } from '../../../src/store/lease/keeper.js';
import { Lessor } from '../../../src/store/lease/lessor.js';
import {
  LeaseCheckpointBatch,
  LeaseExpire,
  type LeaseRecord,
} from '../../../src/wire/gen/store.js';
import { ManualClock } from '../manual-clock.js';

interface Proposal {
  readonly kind: CommandKind;
  readonly payload: Uint8Array;
  resolve(result: ApplyResult): void;
  reject(error: unknown): void;
}

/** A member with one lessor; its log is what the test applies. */
class Member {
  readonly clock = new ManualClock();
  readonly lessor = new Lessor({ clock: this.clock, minTtlSeconds: 2, defects: noDefects });
  readonly keeper: LeaseKeeper;
  /** Made and not answered yet. */
  readonly open: Proposal[] = [];
  /** Answer proposals by applying them at once. */
  isQuick = true;
  readonly ended: bigint[] = [];
  readonly expiries: number[] = [];
  checkpoints = 0;
  /** Records that checkpoints changed. */
  readonly stored: LeaseRecord[] = [];
  index = 0;

  constructor() {
    this.keeper = new LeaseKeeper({
      leases: this.lessor,
      clock: this.clock,
      electionTimeoutMs: 1000,
      logger: silentLogger,
      propose: (kind, payload) =>
        new Promise((resolve, reject) => {
          this.open.push({ kind, payload, resolve, reject });
          if (this.isQuick) this.applyNext();
        }),
    });
  }

  grant(id: number, ttl: number): void {
    this.lessor.grant({ ID: BigInt(id), TTL: ttl }, ++this.index);
  }

  renew(id: number): void {
    this.lessor.renew([BigInt(id)], ++this.index);
  }

  /** What the state machine does with the oldest open proposal. */
  applyNext(): void {
    const proposal = this.open.shift()!;
    const index = ++this.index;
    if (proposal.kind === CommandKind.leaseExpire) {
      const { items } = LeaseExpire.decode(proposal.payload);
      this.expiries.push(items.length);
      for (const id of this.lessor.expirable(items)) {
        this.lessor.revoke(id);
        this.ended.push(id);
      }
    } else {
      this.checkpoints++;
      const { items } = LeaseCheckpointBatch.decode(proposal.payload);
      this.stored.push(...this.lessor.checkpoint(items).changed);
    }
    proposal.resolve({ ok: true, index, response: { kind: 'none' } });
  }
}

t.test('LeaseKeeper ends a lease when its TTL is over, not before', async (t) => {
  const member = new Member();
  member.keeper.onLeadership(true, 1);
  member.grant(1, 5);
  await member.clock.advance(4_999);
  t.same(member.ended, []);
  await member.clock.advance(1);
  t.same(member.ended, [1n]);
  t.equal(member.clock.timerCount, 0);
  await member.keeper.close();
});

t.test('LeaseKeeper does nothing on a member that does not lead', async (t) => {
  const member = new Member();
  member.grant(1, 5);
  await member.clock.advance(60_000);
  t.same([member.ended, member.open.length, member.clock.timerCount], [[], 0, 0]);
  member.keeper.onLeadership(true, 1);
  member.keeper.onLeadership(false, 1);
  await member.clock.advance(60_000);
  t.same([member.ended, member.checkpoints, member.clock.timerCount], [[], 0, 0]);
});

t.test(
  'LeaseKeeper gives every lease one election timeout when leadership is gained',
  async (t) => {
    const member = new Member();
    member.grant(1, 5);
    member.grant(2, 60);
    await member.clock.advance(20_000);
    member.keeper.onLeadership(true, 3);
    t.equal(member.lessor.lookup(1n)?.remainingTtlSeconds, 0, 'its TTL is over all the same');
    await member.clock.advance(999);
    t.same(member.ended, []);
    member.keeper.onLeadership(true, 3);
    await member.clock.advance(1);
    t.same(member.ended, [1n], 'hearing of the same term again gives nothing');
    await member.clock.advance(39_999);
    t.same(member.ended, [1n]);
    await member.clock.advance(1);
    t.same(member.ended, [1n, 2n], 'the deadline and the grace');
    await member.keeper.close();
  },
);

t.test(
  'LeaseKeeper cannot end a lease renewed while its leader was stuck (12528, 15247)',
  async (t) => {
    const old = new Member();
    const next = new Member();
    for (const member of [old, next]) {
      for (const id of [1, 2]) member.grant(id, 10);
    }
    old.keeper.onLeadership(true, 1);
    old.isQuick = false;
    // Stuck in an fsync; meanwhile the next leader renews lease 1, and lease 2 is left alone.
    old.clock.jump(60_000);
    next.index = 100;
    next.renew(1);
    await old.clock.advance(0);
    t.equal(old.open.length, 1, 'it wakes believing that it leads, and asks for the end of both');
    const { items } = LeaseExpire.decode(old.open[0]!.payload);
    t.equal(items.length, 2);
    t.same(next.lessor.expirable(items), [2n]);
  },
);

t.test(
  'LeaseKeeper has one proposal in flight and asks again for what is left (10686)',
  async (t) => {
    const member = new Member();
    member.isQuick = false;
    member.keeper.onLeadership(true, 1);
    member.grant(1, 2);
    await member.clock.advance(3_000);
    t.equal(member.open.length, 1);
    member.grant(2, 2);
    await member.clock.advance(60_000);
    t.equal(member.open.length, 1, 'nothing while the first is in flight, however long');
    member.open.shift()!.reject(new StoreError('timeout'));
    await member.clock.advance(499);
    t.equal(member.open.length, 0, 'a pause after a failure');
    await member.clock.advance(1);
    t.equal(member.open.length, 1);
    t.equal(LeaseExpire.decode(member.open[0]!.payload).items.length, 2);
    member.applyNext();
    await member.clock.advance(10_000);
    t.same([member.ended, member.open.length], [[1n, 2n], 0]);
  },
);

t.test('LeaseKeeper asks again after 3 s when a proposal took effect nowhere', async (t) => {
  const member = new Member();
  member.isQuick = false;
  member.keeper.onLeadership(true, 1);
  member.grant(1, 2);
  await member.clock.advance(2_000);
  const result = { ok: true, index: 1, response: { kind: 'none' } } as const;
  member.open.shift()!.resolve(result);
  await member.clock.advance(2_999);
  t.equal(member.open.length, 0);
  await member.clock.advance(1);
  t.equal(member.open.length, 1);
});

t.test('LeaseKeeper ends at most 1000 leases a second', async (t) => {
  const member = new Member();
  member.keeper.onLeadership(true, 1);
  for (let id = 1; id <= 2_500; id++) member.grant(id, 2);
  await member.clock.advance(2_000);
  t.equal(member.ended.length, 1000);
  await member.clock.advance(999);
  t.equal(member.ended.length, 1000);
  await member.clock.advance(1);
  t.equal(member.ended.length, 2000);
  await member.clock.advance(1_000);
  t.same(member.expiries, [1000, 1000, 500]);
});

t.test('LeaseKeeper checkpoints leases that nobody renews, and no others', async (t) => {
  const member = new Member();
  member.keeper.onLeadership(true, 1);
  member.grant(1, 100);
  await member.clock.advance(39_999);
  t.equal(member.checkpoints, 0);
  member.renew(1);
  await member.clock.advance(39_999);
  t.equal(member.checkpoints, 0, 'renewed after 0.4 of its TTL: none');
  await member.clock.advance(1);
  t.equal(member.checkpoints, 1);
  await member.clock.advance(40_000);
  t.equal(member.checkpoints, 2);
  await member.clock.advance(20_000);
  t.same([member.checkpoints, member.ended], [2, [1n]]);
});

t.test('LeaseKeeper checkpoints a long lease every 5 minutes, a short one never', async (t) => {
  const member = new Member();
  member.keeper.onLeadership(true, 1);
  member.grant(1, 86_400);
  member.grant(2, 5);
  await member.clock.advance(299_999);
  t.same([member.checkpoints, member.ended], [0, [2n]]);
  await member.clock.advance(3_300_001);
  t.equal(member.checkpoints, 12);
});

t.test(
  'LeaseKeeper lets a lease end although each leader starts from its database (PR13508)',
  async (t) => {
    let record = { id: 1n, ttlSeconds: 600, remainingTtlMs: 0, renewedIndex: 1 };
    const left: number[] = [];
    for (let term = 1; term <= 3; term++) {
      const leader = new Member();
      leader.lessor.load([record], []);
      leader.keeper.onLeadership(true, term);
      await leader.clock.advance(250_000);
      leader.keeper.onLeadership(false, term);
      if (leader.ended.length > 0) break;
      record = leader.stored.at(-1)!;
      left.push(record.remainingTtlMs);
    }
    t.same(left, [360_000, 120_000], 'it ends in the third term');
  },
);

t.test('LeaseKeeper checkpoints nothing after stepping down (PR14087)', async (t) => {
  const member = new Member();
  member.keeper.onLeadership(true, 1);
  member.grant(1, 100);
  await member.clock.advance(39_000);
  member.keeper.onLeadership(false, 2);
  await member.clock.advance(50_000);
  t.same([member.checkpoints, member.open.length], [0, 0]);
  member.keeper.onLeadership(true, 3);
  await member.clock.advance(0);
  t.equal(member.checkpoints, 1, 'it is due at once when leading again');
});

t.test('LeaseKeeper waits the longest TTL as well as the shortest', async (t) => {
  const member = new Member();
  member.keeper.onLeadership(true, 1);
  member.grant(1, 9_000_000_000);
  member.grant(2, 2);
  await member.clock.advance(2_000);
  t.same(member.ended, [2n]);
  member.clock.jump(9_000_000_000_000 - 2_000);
  await member.clock.advance(0);
  t.same(member.ended, [2n, 1n]);
});

t.test('LeaseKeeper.close waits for the proposal in flight and starts no other', async (t) => {
  const member = new Member();
  member.isQuick = false;
  member.keeper.onLeadership(true, 1);
  member.grant(1, 2);
  await member.clock.advance(2_000);
  let isClosed = false;
  const closing = member.keeper.close().then(() => {
    isClosed = true;
  });
  await member.clock.settle();
  t.notOk(isClosed);
  member.open.shift()!.reject(new StoreError('stopped'));
  await closing;
  member.keeper.onLeadership(true, 2);
  await member.clock.advance(60_000);
  t.same([member.open.length, member.clock.timerCount], [0, 0]);
});
