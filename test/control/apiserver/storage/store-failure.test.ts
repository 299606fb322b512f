import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { openStorage, StoreConnection } from '../../../../src/control/apiserver/storage/index.js';
import { Status } from '../../../../src/rpc/index.js';
import { broken, failure, refused } from '../../../client/fake-channel.js';
import { fakeCluster } from '../../../client/fake-cluster.js';
import { create, failureOf, listQuery, paint, remove, thing } from './things.js';

/** A direct storage at one played server, which fails every transaction and answers reads. */
function playedStorage(answer: () => unknown) {
  const { client, clock, servers } = fakeCluster(1);
  const [server] = servers;
  const kv = {
    key: Buffer.from('/registry/things/a/x'),
    value: Buffer.from(JSON.stringify(thing('a/x'))),
    modRevision: 5,
  };
  let areReadsFine = true;
  server!.answer = (path) =>
    path.endsWith('/Range') && areReadsFine ? { header: { revision: 7 }, kvs: [kv] } : answer();
  const storage = openStorage({
    store: new StoreConnection({ client, clock, prng: new Prng(1) }),
    prefix: '/registry/things',
    groupResource: { group: 'test.dev', resource: 'things' },
    isNamespaced: true,
    cached: false,
  });
  const breakReads = () => {
    areReadsFine = false;
  };
  return { storage, clock, server: server!, breakReads };
}

const unknownOutcome = { code: 504, reason: 'Timeout', details: { retryAfterSeconds: undefined } };
const timedOut = () => failure(Status.deadlineExceeded, 'context deadline exceeded');
const serverTimedOut = () => failure(Status.unavailable, 'etcdserver: request timed out');

for (const { what, answer, message } of [
  {
    what: 'whose deadline passed',
    answer: timedOut,
    message:
      'Timeout: request did not complete within requested timeout - context deadline exceeded',
  },
  {
    what: 'whose connection broke',
    answer: broken,
    message: /^Timeout: it is not known whether the request took effect: /,
  },
  {
    what: 'that the server gave up on',
    answer: serverTimedOut,
    message: /^Timeout: it is not known whether the request took effect: /,
  },
]) {
  t.test(`a write ${what} is 504, without Retry-After, and not repeated`, async (t) => {
    const { storage, server } = playedStorage(answer);
    const attempts = {
      create: () => create(storage, thing('a/x')),
      update: () => paint(storage, 'a/x', { color: 'red' }),
      delete: () => remove(storage, 'a/x'),
    };
    for (const [action, attempt] of Object.entries(attempts)) {
      const before = server.calls.filter((path) => path.endsWith('/Txn')).length;
      t.match(await failureOf(attempt()), { message, status: unknownOutcome }, action);
      const after = server.calls.filter((path) => path.endsWith('/Txn')).length;
      t.equal(after - before, 1, `${action} was sent once`);
    }
  });
}

t.test('a write that surely had no effect says when to try again', async (t) => {
  const { storage, clock } = playedStorage(refused);
  const failing = failureOf(create(storage, thing('a/x')));
  await clock.advance(10_000);
  t.match(await failing, {
    message:
      'The create operation against things.test.dev could not be completed at this time, please try again.',
    status: { code: 500, reason: 'ServerTimeout', details: { retryAfterSeconds: 2 } },
  });
});

t.test('a lease that cannot be had leaves no doubt about the object', async (t) => {
  const { storage, clock, server } = playedStorage(timedOut);
  const failing = failureOf(storage.create(thing('a/x'), { ttlSeconds: 60 }));
  await clock.advance(10_000);
  t.match(await failing, { status: { code: 500, reason: 'ServerTimeout' } });
  t.notOk(server.calls.some((path) => path.endsWith('/Txn')));
});

for (const { text, code, grpc, expected } of [
  {
    what: 'too large',
    text: 'etcdserver: request is too large',
    grpc: Status.invalidArgument,
    code: 413,
    expected: 'Request entity too large: etcdserver: request is too large',
  },
  {
    text: 'etcdserver: mvcc: database space exceeded',
    grpc: Status.resourceExhausted,
    code: 500,
    expected: 'Internal error occurred: etcdserver: mvcc: database space exceeded',
  },
]) {
  t.test(`a write refused with "${text}" is ${code}`, async (t) => {
    const { storage } = playedStorage(() => failure(grpc, text));
    t.match(await failureOf(create(storage, thing('a/x'))), {
      message: expected,
      status: { code },
    });
  });
}

t.test('reads of a store that is gone say when to try again', async (t) => {
  const { storage, clock, breakReads } = playedStorage(refused);
  breakReads();
  for (const [action, read] of [
    ['get', () => storage.get('a', 'x', { at: 'latest' })],
    ['list', () => storage.list(listQuery())],
    ['list', () => storage.count()],
  ] as const) {
    const failing = failureOf(read());
    await clock.advance(10_000);
    t.match(await failing, {
      message: `The ${action} operation against things.test.dev could not be completed at this time, please try again.`,
      status: { code: 500, reason: 'ServerTimeout', details: { retryAfterSeconds: 2 } },
    });
  }
});

t.test('many requests that wait for the store warn of no leak', async (t) => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  t.teardown(() => process.off('warning', onWarning));
  const { storage, clock } = playedStorage(refused);
  const failing = Promise.all(
    Array.from({ length: 30 }, (_, i) => failureOf(create(storage, thing(`a/x${i}`)))),
  );
  await clock.advance(10_000);
  t.equal((await failing).length, 30);
  t.same(warnings, []);
});
