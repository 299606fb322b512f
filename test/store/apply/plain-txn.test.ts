import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import type { ApiContext } from '../../../src/store/api/context.js';
import { plainTxnAnswer } from '../../../src/store/api/plain-txn-answer.js';
import {
  AlarmAction,
  AlarmType,
  ResponseHeader,
  TxnResponse,
  type TxnResponseInit,
} from '../../../src/wire/gen/etcdserverpb.js';
import { alarm, b, del, grant, put, StoreRig, txn } from '../store-harness.js';

/** A txn of one put, and the same with a branch that is not taken: only the first is carried out by the short way. */
const shortly = (key: string, value: string) =>
  txn({ success: [{ requestPut: { key: b(key), value: b(value) } }] });
const atLength = (key: string, value: string) =>
  txn({
    success: [{ requestPut: { key: b(key), value: b(value) } }],
    failure: [{ requestRange: { key: b(key) } }],
  });

t.test('a txn of one put does what it does by the long way', async (t) => {
  for (const seed of [1, 2, 3]) {
    const prng = new Prng(seed);
    const short = await StoreRig.open();
    const long = await StoreRig.open();
    short.ok(grant(7n));
    long.ok(grant(7n));
    for (let step = 0; step < 300; step++) {
      const key = `k${prng.int(0, 20)}`;
      const value = `${step}`.repeat(prng.int(1, 50));
      const same = prng.pick([del(key), put(key, value, { lease: 7n }), null, null, null]);
      const ours = short.ok(same ?? shortly(key, value));
      const theirs = long.ok(same ?? atLength(key, value));
      if (same === null) t.equal(ours.kind, 'txn');
      if (JSON.stringify(ours, textOf) !== JSON.stringify(theirs, textOf)) {
        t.fail(`seed ${seed}, step ${step}`);
      }
    }
    t.equal(short.store.appliedHash, long.store.appliedHash, `seed ${seed}`);
    t.same(short.store.counts, long.store.counts);
    t.same(short.store.leases.keys(7n), long.store.leases.keys(7n));
    t.same(await short.dump(), await long.dump());
    short.applyAll([shortly('k', 'nobody waits')], false);
    long.applyAll([atLength('k', 'nobody waits')], false);
    t.equal(short.store.appliedHash, long.store.appliedHash);
    await short.store.close();
    await long.store.close();
  }
});

t.test('a txn of one put is refused while there is no space', async (t) => {
  const rig = await StoreRig.open();
  rig.ok(alarm(AlarmAction.ACTIVATE, AlarmType.NOSPACE));
  t.equal(rig.refused(shortly('k', 'v')), 'no-space');
  t.equal(rig.refused(atLength('k', 'v')), 'no-space');
  t.same(await rig.dump(), []);
  await rig.store.close();
});

const context = {
  encodedHeader: (revision: number) =>
    ResponseHeader.encode({ clusterId: 2n ** 64n - 1n, memberId: 5n, revision, raftTerm: 9 }),
} as unknown as ApiContext;

const answers: readonly { readonly name: string; readonly response: TxnResponseInit }[] = [
  { name: 'that failed', response: { header: { revision: 5 }, responses: [] } },
  { name: 'of nothing', response: { header: { revision: 5 }, succeeded: true } },
  {
    name: 'of two puts',
    response: {
      header: { revision: 5 },
      succeeded: true,
      responses: [
        { responsePut: { header: { revision: 5 } } },
        { responsePut: { header: { revision: 5 } } },
      ],
    },
  },
  {
    name: 'of a range',
    response: {
      header: { revision: 5 },
      succeeded: true,
      responses: [{ responseRange: { header: { revision: 5 } } }],
    },
  },
  {
    name: 'with a previous version',
    response: {
      header: { revision: 5 },
      succeeded: true,
      responses: [{ responsePut: { header: { revision: 5 }, prevKv: { key: b('k') } } }],
    },
  },
];

for (const { name, response } of answers) {
  t.test(`plainTxnAnswer leaves a txn ${name} to the codec`, async (t) => {
    const whole = TxnResponse.decode(TxnResponse.encode(response));
    t.equal(plainTxnAnswer(context, whole), null);
  });
}

t.test('plainTxnAnswer writes what the codec writes', async (t) => {
  for (const revision of [1, 127, 128, 16_384, 2 ** 31, 2 ** 53 - 1]) {
    const responses = [{ responsePut: { header: { revision } } }];
    const response = TxnResponse.create({ header: ResponseHeader.create({ revision }) });
    const ours = plainTxnAnswer(context, {
      ...TxnResponse.decode(TxnResponse.encode({ succeeded: true, responses })),
      header: response.header,
    });
    const header = ResponseHeader.decode(context.encodedHeader(revision));
    t.same(ours, TxnResponse.encode({ header, succeeded: true, responses }), `${revision}`);
  }
});

function textOf(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}` : value;
}
