import t from 'tap';
import type { Client } from '../../src/client/index.js';
import { type CallError, Status } from '../../src/rpc/index.js';
import { broken, failure, refused, settled } from './fake-channel.js';
import { fakeCluster } from './fake-cluster.js';

const ok = { header: { clusterId: 1n, memberId: 1n, revision: 7, raftTerm: 1 } };

function setUp(size: number) {
  const cluster = fakeCluster(size);
  const callCounts = () => cluster.servers.map((server) => server.calls.length);
  return { ...cluster, callCounts };
}

/** Follows a promise without waiting for it. */
function watchResult(promise: Promise<unknown>) {
  const state: { value?: unknown; error?: unknown; isDone: boolean } = { isDone: false };
  promise.then(
    (value) => Object.assign(state, { value, isDone: true }),
    (error) => Object.assign(state, { error, isDone: true }),
  );
  return state;
}

const timedOut = () => failure(Status.deadlineExceeded, 'Deadline exceeded');
const serverSays = (code: CallError['code'], text: string) => () => failure(code, text);

/** What the first server says; whether reads and writes are then tried on the second; and the error when not. */
const rules: readonly [
  name: string,
  answer: () => CallError,
  isReadRetried: boolean,
  isWriteRetried: boolean,
  writeError: { code: string; maybeApplied: boolean },
][] = [
  ['connection refused', refused, true, true, { code: '', maybeApplied: false }],
  ['connection broken', broken, true, false, { code: 'unavailable', maybeApplied: true }],
  [
    'server stopped',
    serverSays(Status.unavailable, 'etcdserver: server stopped'),
    true,
    false,
    { code: 'unavailable', maybeApplied: true },
  ],
  [
    'leader changed',
    serverSays(Status.unavailable, 'etcdserver: leader changed'),
    true,
    false,
    { code: 'unavailable', maybeApplied: true },
  ],
  [
    'request timed out',
    serverSays(Status.unavailable, 'etcdserver: request timed out'),
    true,
    false,
    { code: 'unavailable', maybeApplied: true },
  ],
  ['deadline', timedOut, true, false, { code: 'timeout', maybeApplied: true }],
  [
    'no leader',
    serverSays(Status.unavailable, 'etcdserver: no leader'),
    true,
    true,
    { code: '', maybeApplied: false },
  ],
  [
    'not leader',
    serverSays(Status.failedPrecondition, 'etcdserver: not leader'),
    true,
    true,
    { code: '', maybeApplied: false },
  ],
  [
    'learner',
    serverSays(Status.failedPrecondition, 'etcdserver: rpc not supported for learner'),
    true,
    true,
    { code: '', maybeApplied: false },
  ],
  [
    'too many requests',
    serverSays(Status.resourceExhausted, 'etcdserver: too many requests'),
    true,
    true,
    { code: '', maybeApplied: false },
  ],
  [
    'proposal dropped',
    serverSays(Status.unknown, 'raft proposal dropped'),
    true,
    true,
    { code: '', maybeApplied: false },
  ],
  [
    'no space',
    serverSays(Status.resourceExhausted, 'etcdserver: mvcc: database space exceeded'),
    false,
    false,
    { code: 'no-space', maybeApplied: false },
  ],
  [
    'invalid argument',
    serverSays(Status.invalidArgument, 'etcdserver: duplicate key given in txn request'),
    false,
    false,
    { code: 'invalid-argument', maybeApplied: false },
  ],
  [
    'internal',
    serverSays(Status.internal, 'Received RST_STREAM with code 2'),
    false,
    false,
    { code: 'server', maybeApplied: true },
  ],
];

const acts: readonly [name: string, isRead: boolean, act: (client: Client) => Promise<unknown>][] =
  [
    ['a read', true, (client) => client.kv.get('k')],
    ['a repeatable write', true, (client) => client.kv.put('k', 'v', { isRepeatable: true })],
    ['a write', false, (client) => client.kv.put('k', 'v')],
    ['a transaction', false, (client) => client.kv.txn().commit()],
  ];

for (const [name, answer, isReadRetried, isWriteRetried, writeError] of rules) {
  for (const [what, isRead, act] of acts) {
    const isRetried = isRead ? isReadRetried : isWriteRetried;
    t.test(`${name}: ${what} is ${isRetried ? '' : 'not '}tried elsewhere at once`, async (t) => {
      const { client, servers, callCounts, clock } = setUp(2);
      servers[0]!.answer = answer;
      servers[1]!.answer = () => ok;
      const result = watchResult(act(client));
      await settled();
      t.ok(result.isDone, 'no time has passed');
      t.equal(clock.now(), 0);
      t.same(callCounts(), isRetried ? [1, 1] : [1, 0]);
      if (isRetried) t.match(result.value, ok);
      else t.match(result.error, isRead ? { code: writeError.code } : writeError);
      await client.close();
    });
  }
}

t.test('a failed endpoint is avoided, for longer each time, and used again', async (t) => {
  const { client, servers, callCounts, clock } = setUp(2);
  servers[0]!.answer = refused;
  servers[1]!.answer = () => ok;
  await client.kv.put('k', '1');
  await client.kv.put('k', '2');
  t.same(callCounts(), [1, 2], 'calls stay where they succeed');
  servers[1]!.answer = refused;
  servers[0]!.answer = () => ok;
  await client.kv.put('k', '3');
  t.same(callCounts(), [2, 3], 'an avoided endpoint is better than none');
  await clock.advance(20_000);
  await client.kv.put('k', '4');
  t.same(callCounts(), [3, 3]);
  await client.close();
});

t.test('an unknown outcome moves the next write to another endpoint', async (t) => {
  const { client, servers, callCounts } = setUp(3);
  servers[0]!.answer = broken;
  servers[1]!.answer = () => ok;
  await t.rejects(client.kv.put('k', '1'), { code: 'unavailable', maybeApplied: true });
  await client.kv.put('k', '1');
  t.same(callCounts(), [1, 1, 0]);
  await client.close();
});

t.test('all endpoints down: rounds with 50 ms to 1 s between, until the deadline', async (t) => {
  const { client, servers, callCounts, clock } = setUp(3);
  const rounds: number[] = [];
  for (const server of servers) {
    server.answer = () => {
      if (server === servers[0]) rounds.push(clock.now());
      return refused();
    };
  }
  const result = watchResult(client.kv.put('k', '1', { timeoutMs: 5000 }));
  await clock.advance(5001);
  t.match(result.error, { code: 'unavailable', maybeApplied: false });
  const [a, b, c] = callCounts();
  t.ok(a === b && b === c, 'every round tries all');
  const pauses = rounds.slice(1).map((at, i) => at - rounds[i]!);
  t.ok(pauses[0]! >= 25 && pauses[0]! <= 50, `first pause ${pauses[0]}`);
  t.ok(pauses.every((pause) => pause <= 1000));
  t.ok(rounds.length >= 8 && rounds.length <= 16, `${rounds.length} rounds`);
  await client.close();
});

t.test('an endpoint that comes back within the deadline serves the waiting write', async (t) => {
  const { client, servers, clock } = setUp(1);
  const result = watchResult(client.kv.put('k', '1'));
  await clock.advance(1000);
  servers[0]!.answer = () => ok;
  await clock.advance(1000);
  t.match(result.value, ok);
  await client.close();
});

t.test('a repeatable request leaves a silent endpoint half of its time', async (t) => {
  const { client, servers } = setUp(2);
  const timeouts: (number | undefined)[] = [];
  servers[0]!.answer = (_, options) => {
    timeouts.push(options.timeoutMs);
    return timedOut();
  };
  servers[1]!.answer = () => ok;
  await client.kv.get('k', { timeoutMs: 4000 });
  await client.close();
  t.same(timeouts, [2000]);
});

t.test('the signal and the end of the client cut a pause short', async (t) => {
  const { client } = setUp(1);
  const controller = new AbortController();
  const result = watchResult(client.kv.put('k', '1', { signal: controller.signal }));
  const other = watchResult(client.kv.put('k', '2'));
  await settled();
  controller.abort();
  await settled();
  t.match(result.error, { code: 'cancelled', maybeApplied: false });
  t.notOk(other.isDone);
  await client.close();
  await settled();
  t.match(other.error, { code: 'closed' });
});

t.test('a response without its header is a protocol error', async (t) => {
  const { client, servers } = setUp(1);
  servers[0]!.answer = () => ({});
  await t.rejects(client.kv.get('k'), { code: 'protocol' });
  await client.close();
});

t.test(
  'a repeatable write says when an attempt before the last may have been applied',
  async (t) => {
    const { client, servers } = setUp(2);
    servers[0]!.answer = broken;
    servers[1]!.answer = serverSays(Status.invalidArgument, 'etcdserver: key is not provided');
    const write = client.kv.put('k', '1', { isRepeatable: true });
    await t.rejects(write, { code: 'invalid-argument', maybeApplied: true });
    servers[0]!.answer = refused;
    servers[1]!.answer = refused;
    const unsent = client.kv.put('k', '1', { isRepeatable: true, timeoutMs: 1 });
    await t.rejects(unsent, { code: 'unavailable', maybeApplied: false });
    await client.close();
  },
);

t.test('a bug in the request is thrown as what it is', async (t) => {
  const { client, servers } = setUp(1);
  servers[0]!.answer = () => {
    throw new TypeError('a bug');
  };
  await t.rejects(client.kv.get('k'), TypeError);
  await client.close();
});
