import t from 'tap';
import { type ApplyResult, CommandKind } from '../../../src/store/contracts.js';
import { StoreError } from '../../../src/store/errors.js';
import { KeepAliveBatcher } from '../../../src/store/lease/keep-alive.js';
import { LeaseKeepAliveBatch } from '../../../src/wire/gen/store.js';
import { ManualClock } from '../manual-clock.js';

interface Open {
  readonly ids: readonly bigint[];
  resolve(result: ApplyResult): void;
  reject(error: unknown): void;
}

function newBatcher() {
  const clock = new ManualClock();
  const open: Open[] = [];
  const batcher = new KeepAliveBatcher({
    clock,
    propose: (kind, payload) =>
      new Promise((resolve, reject) => {
        if (kind !== CommandKind.leaseKeepAlive) throw new Error(`kind ${kind}`);
        open.push({ ids: LeaseKeepAliveBatch.decode(payload).ids, resolve, reject });
      }),
  });
  const renew = (id: bigint) =>
    new Promise<number>((resolve, reject) => {
      batcher.add({ id, onRenewed: resolve, onFailed: reject });
    });
  return { clock, open, batcher, renew };
}

const answer = (ttlSeconds: readonly number[]): ApplyResult => ({
  ok: true,
  index: 1,
  response: { kind: 'leaseKeepAlive', value: { ttlSeconds } },
});

t.test(
  'KeepAliveBatcher makes one command of a turn, and one renewal of each lease in it',
  async (t) => {
    const { clock, open, renew } = newBatcher();
    const renewals = [7n, -8n, 7n, 9n].map((id) => renew(id));
    t.equal(open.length, 0);
    await clock.settle();
    t.same(
      open.map((proposal) => proposal.ids),
      [[7n, -8n, 9n]],
    );
    open[0]!.resolve(answer([60, 5, 0]));
    t.same(await Promise.all(renewals), [60, 5, 60, 0]);
    const next = renew(7n);
    await clock.settle();
    t.same(open[1]!.ids, [7n], 'the next turn is a command of its own');
    open[1]!.resolve(answer([60]));
    t.equal(await next, 60);
  },
);

t.test(
  'KeepAliveBatcher has two commands under way, and gathers the third meanwhile',
  async (t) => {
    const { clock, open, renew } = newBatcher();
    const renewals: Promise<number>[] = [];
    for (let i = 0; i < 4; i++) {
      renewals.push(renew(BigInt(i)));
      await clock.settle();
    }
    t.equal(open.length, 2);
    open[1]!.resolve(answer([11]));
    t.equal(await renewals[1], 11, 'the second does not wait for the first');
    await clock.settle();
    t.same(open[2]!.ids, [2n, 3n]);
    open[2]!.resolve(answer([12, 13]));
    open[0]!.resolve(answer([10]));
    t.same(await Promise.all(renewals), [10, 11, 12, 13]);
  },
);

t.test('KeepAliveBatcher has one command under way when many wait for it', async (t) => {
  const { clock, open, renew } = newBatcher();
  const renewals = Array.from({ length: 16 }, (_, i) => renew(BigInt(i)));
  await clock.settle();
  for (let i = 16; i < 20; i++) {
    renewals.push(renew(BigInt(i)));
    await clock.settle();
  }
  t.equal(open.length, 1, 'what comes meanwhile gathers');
  open[0]!.resolve(answer(open[0]!.ids.map(Number)));
  await clock.settle();
  t.same(open[1]!.ids, [16n, 17n, 18n, 19n]);
  renewals.push(renew(20n));
  await clock.settle();
  t.equal(open.length, 3, 'few wait for that one');
  for (const proposal of open.slice(1)) proposal.resolve(answer(proposal.ids.map(Number)));
  t.same(await Promise.all(renewals), Array.from(renewals.keys()));
});

t.test('KeepAliveBatcher splits what is too much for one entry', async (t) => {
  const { clock, open, renew } = newBatcher();
  const renewals = Array.from({ length: 10_001 }, (_, i) => renew(BigInt(i + 1)));
  for (const count of [10_000, 1]) {
    await clock.advance(10);
    const proposal = open.at(-1)!;
    t.equal(proposal.ids.length, count);
    proposal.resolve(answer(proposal.ids.map(Number)));
  }
  const ttls = await Promise.all(renewals);
  t.ok(ttls.every((ttl, i) => ttl === i + 1));
});

t.test('KeepAliveBatcher gathers for 10 ms after a command of many', async (t) => {
  const { clock, open, renew } = newBatcher();
  const renewals = Array.from({ length: 32 }, (_, i) => renew(BigInt(i)));
  await clock.settle();
  open[0]!.resolve(answer(open[0]!.ids.map(Number)));
  renewals.push(renew(32n));
  await clock.settle();
  t.equal(open.length, 1, 'nothing is under way, and yet it waits');
  await clock.advance(9);
  renewals.push(renew(33n));
  await clock.settle();
  t.equal(open.length, 1);
  await clock.advance(1);
  await clock.settle();
  t.same(open[1]!.ids, [32n, 33n]);
  open[1]!.resolve(answer([32, 33]));
  renewals.push(renew(34n));
  await clock.settle();
  t.same(open[2]?.ids, [34n], 'after few there is no waiting');
  open[2]!.resolve(answer([34]));
  t.same(await Promise.all(renewals), Array.from(renewals.keys()));
});

t.test('KeepAliveBatcher.close does not wait until enough is gathered', async (t) => {
  const { clock, open, batcher, renew } = newBatcher();
  const renewals = Array.from({ length: 32 }, (_, i) => renew(BigInt(i)));
  await clock.settle();
  open[0]!.resolve(answer(open[0]!.ids.map(Number)));
  await Promise.all(renewals);
  const waiting = renew(32n);
  await clock.settle();
  const closing = batcher.close();
  await t.rejects(waiting, { code: 'stopped' });
  await closing;
  await clock.advance(10);
  t.equal(open.length, 1);
});

t.test('KeepAliveBatcher rejects all of a command as the command fails', async (t) => {
  const { clock, open, renew } = newBatcher();
  const refused = [renew(1n), renew(2n)];
  await clock.settle();
  open[0]!.resolve({ ok: false, index: 1, error: new StoreError('corrupt') });
  for (const renewal of refused) await t.rejects(renewal, { code: 'corrupt' });
  const lost = renew(1n);
  await clock.settle();
  open[1]!.reject(new StoreError('timeout'));
  await t.rejects(lost, { code: 'timeout' });
});

t.test('KeepAliveBatcher.close refuses what waits and drains what is in flight', async (t) => {
  const { clock, open, batcher, renew } = newBatcher();
  const inFlight = renew(1n);
  await clock.settle();
  const waiting = renew(2n);
  const closing = batcher.close();
  await t.rejects(waiting, { code: 'stopped' });
  await t.rejects(renew(3n), { code: 'stopped' });
  open[0]!.resolve(answer([4]));
  t.equal(await inFlight, 4);
  await closing;
  await clock.settle();
  t.equal(open.length, 1);
});
