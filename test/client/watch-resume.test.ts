import t from 'tap';
import type { WatchBatch, Watcher } from '../../src/client/index.js';
import { Status } from '../../src/rpc/index.js';
import {
  Event,
  KeyValue,
  ResponseHeader,
  type WatchRequest,
  WatchResponse,
} from '../../src/wire/index.js';
import { broken, type FakeStream, failure, refused, settled } from './fake-channel.js';
import { fakeCluster } from './fake-cluster.js';

/** Reads a watch in the background: `revision:events` of each batch, events as their revisions. */
function follow(watcher: Watcher) {
  const seen: string[] = [];
  const state: { seen: string[]; error: unknown; isDone: boolean } = {
    seen,
    error: null,
    isDone: false,
  };
  const read = async () => {
    for await (const batch of watcher) seen.push(show(batch));
  };
  read().then(
    () => Object.assign(state, { isDone: true }),
    (error) => Object.assign(state, { isDone: true, error }),
  );
  return state;
}

function show({ revision, events }: WatchBatch): string {
  return `${revision}:${events.map((event) => event.kv!.modRevision).join(',')}`;
}

function respond(
  stream: FakeStream,
  watchId: bigint,
  fields: Partial<WatchResponse>,
  revision = 0,
) {
  const header = ResponseHeader.create({ revision });
  stream.respond(WatchResponse.create({ header, watchId, ...fields }));
}

function events(...revisions: number[]): Event[] {
  return revisions.map((modRevision) => Event.create({ kv: KeyValue.create({ modRevision }) }));
}

/** What was created on a stream: `id from revision`; cancelled ids as `!id`; progress as `?`. */
function requestsOf(stream: FakeStream): string[] {
  return (stream.sent as WatchRequest[]).map(({ createRequest, cancelRequest }) => {
    if (createRequest !== undefined) {
      return `${createRequest.watchId} from ${createRequest.startRevision}`;
    }
    return cancelRequest === undefined ? '?' : `!${cancelRequest.watchId}`;
  });
}

function setUp(size = 1) {
  const cluster = fakeCluster(size);
  for (const server of cluster.servers) server.onStream = () => null;
  /** The stream opened last, on any server. */
  const streamAt = (index: number) =>
    cluster.servers.flatMap((server) => server.streams)[index] as FakeStream;
  return { ...cluster, streamAt };
}

t.test('a watch from now on resumes where "now" was, though nothing has come', async (t) => {
  const { client, servers } = setUp(2);
  client.watch('k').started.then((revision) => t.equal(revision, 11));
  await settled();
  const [first] = servers[0]!.streams;
  t.same(requestsOf(first!), ['1 from 0']);
  respond(first!, 1n, { created: true }, 10);
  await settled();
  first!.fail(broken());
  await settled();
  t.same(requestsOf(servers[1]!.streams[0]!), ['2 from 11'], 'at once, on the other endpoint');
  await client.close();
});

t.test(
  'a watch resumes after the last revision delivered, and drops what comes twice',
  async (t) => {
    const { client, servers } = setUp(2);
    const state = follow(client.watch('k', { startRevision: 5 }));
    await settled();
    const [first] = servers[0]!.streams;
    respond(first!, 1n, { created: true }, 20);
    respond(first!, 1n, { events: events(5, 6, 6) }, 20);
    await settled();
    first!.fail(failure(Status.unavailable, 'etcdserver: no leader'));
    await settled();
    const [second] = servers[1]!.streams;
    t.same(requestsOf(second!), ['2 from 7']);
    respond(second!, 2n, { created: true }, 20);
    respond(second!, 2n, { events: events(6, 7) }, 20);
    await settled();
    t.same(state.seen, ['6:5,6,6', '7:7']);
    await client.close();
  },
);

t.test(
  'a revision is delivered whole: its fragments are joined, and asked for again when cut off',
  async (t) => {
    const { client, servers } = setUp(2);
    const state = follow(client.watch('k', { startRevision: 5, fragment: true }));
    await settled();
    const [first] = servers[0]!.streams;
    respond(first!, 1n, { created: true }, 20);
    respond(first!, 1n, { events: events(5, 6, 7), fragment: true }, 20);
    await settled();
    t.same(state.seen, ['6:5,6'], 'revisions before the last one are complete');
    respond(first!, 1n, { events: events(7, 7), fragment: true }, 20);
    await settled();
    first!.fail(broken());
    await settled();
    const [second] = servers[1]!.streams;
    t.same(requestsOf(second!), ['2 from 7']);
    respond(second!, 2n, { created: true }, 20);
    respond(second!, 2n, { events: events(7, 7), fragment: true }, 20);
    respond(second!, 2n, { events: events(7, 8), fragment: false }, 20);
    await settled();
    t.same(state.seen, ['6:5,6', '8:7,7,7,8']);
    await client.close();
  },
);

t.test('progress moves the point of resumption', async (t) => {
  const { client, servers, streamAt } = setUp(1);
  const state = follow(client.watch('k', { startRevision: 5 }));
  await settled();
  respond(streamAt(0), 1n, { created: true }, 4);
  respond(streamAt(0), 1n, {}, 9);
  await settled();
  client.requestProgress();
  t.same(requestsOf(streamAt(0)), ['1 from 5', '?']);
  respond(streamAt(0), -1n, {}, 12);
  respond(streamAt(0), -1n, {}, 11);
  await settled();
  t.same(state.seen, ['9:', '12:'], 'an older one is dropped');
  servers[0]!.streams[0]!.fail(broken());
  await settled();
  await settled();
  t.equal(servers[0]!.streams.length, 1, 'with one endpoint there is a pause first');
  await client.close();
});

t.test('progress for the whole stream passes by watches that are not registered yet', async (t) => {
  const { client, streamAt } = setUp(1);
  const state = follow(client.watch('k', { startRevision: 5 }));
  await settled();
  respond(streamAt(0), -1n, {}, 12);
  respond(streamAt(0), 1n, { created: true }, 12);
  respond(streamAt(0), 1n, { events: events(8) }, 12);
  await settled();
  t.same(state.seen, ['8:8']);
  await client.close();
});

const ends: readonly [string, Partial<WatchResponse>, object][] = [
  ['compacted', { canceled: true, compactRevision: 8 }, { code: 'compacted', compactRevision: 8 }],
  [
    'permission denied',
    { canceled: true, cancelReason: 'etcdserver: permission denied' },
    { code: 'permission-denied' },
  ],
  ['some reason', { canceled: true, cancelReason: 'whatever' }, { code: 'watch-cancelled' }],
];
for (const [name, response, expected] of ends) {
  t.test(`the server ends a watch: ${name}`, async (t) => {
    const { client, streamAt } = setUp(1);
    const state = follow(client.watch('k', { startRevision: 5 }));
    const other = follow(client.watch('other'));
    await settled();
    respond(streamAt(0), 1n, { created: true }, 20);
    respond(streamAt(0), 2n, { created: true }, 20);
    respond(streamAt(0), 1n, { events: events(5) }, 20);
    respond(streamAt(0), 1n, response);
    await settled();
    t.same(state.seen, ['5:5'], 'what came before is delivered first');
    t.match(state.error, expected);
    t.notOk(other.isDone);
    await client.close();
  });
}

t.test(
  'a refusal to create, which has no id, ends the watch that was asked for first',
  async (t) => {
    const { client, streamAt } = setUp(1);
    const states = [
      follow(client.watch('a')),
      follow(client.watch('b')),
      follow(client.watch('c')),
    ];
    await settled();
    respond(streamAt(0), 1n, { created: true }, 20);
    respond(streamAt(0), -1n, {
      created: true,
      canceled: true,
      cancelReason: 'mvcc: watcher range is empty',
    });
    respond(streamAt(0), 3n, { created: true }, 20);
    await settled();
    t.same(
      states.map(({ isDone }) => isDone),
      [false, true, false],
    );
    t.match(states[1]!.error, { code: 'invalid-argument' });
    await client.close();
  },
);

t.test(
  'a full buffer cancels the watch at the server; it resumes when the reader catches up',
  async (t) => {
    const { client, streamAt } = setUp(1);
    const watcher = client.watch('k', { startRevision: 1, eventsBufferedMax: 4 });
    const other = client.watch('other');
    other.started.catch(() => {});
    await settled();
    respond(streamAt(0), 1n, { created: true }, 9);
    respond(streamAt(0), 2n, { created: true }, 9);
    respond(streamAt(0), 1n, { events: events(1, 2, 3) }, 9);
    respond(streamAt(0), 1n, { events: events(4, 5) }, 9);
    respond(streamAt(0), 1n, { events: events(6) }, 9);
    await settled();
    t.same(requestsOf(streamAt(0)), ['1 from 1', '2 from 0', '!1']);
    const state = follow(watcher);
    await settled();
    t.same(state.seen, ['3:1,2,3', '5:4,5'], 'what came after the limit is dropped here');
    t.same(requestsOf(streamAt(0)).slice(3), ['3 from 6'], 'and asked for again');
    respond(streamAt(0), 3n, { created: true }, 9);
    respond(streamAt(0), 3n, { events: events(6) }, 9);
    await settled();
    t.same(state.seen.slice(2), ['6:6']);
    await client.close();
  },
);

t.test('the stream is closed when the last watch ends and opened again for the next', async (t) => {
  const { client, servers, streamAt } = setUp(1);
  const watcher = client.watch('k');
  await settled();
  watcher.close();
  await settled();
  t.ok(streamAt(0).isCancelled);
  const next = client.watch('k', { startRevision: 3 });
  next.started.catch(() => {});
  await settled();
  t.equal(servers[0]!.streams.length, 2);
  t.same(requestsOf(streamAt(1)), ['2 from 3']);
  await client.close();
});

t.test(
  'no endpoint up: the stream is tried again with pauses, for as long as it takes',
  async (t) => {
    const { client, clock, servers } = setUp(2);
    for (const server of servers) server.onStream = refused;
    const state = follow(client.watch('k', { startRevision: 3 }));
    await clock.advance(60_000);
    t.notOk(state.isDone);
    const count = servers.reduce((sum, server) => sum + server.streams.length, 0);
    t.ok(count >= 100 && count <= 300, `${count} attempts in a minute`);
    for (const server of servers) server.onStream = () => null;
    await clock.advance(1000);
    const last = servers.flatMap((server) => server.streams).find((stream) => !stream.isCancelled);
    t.match(requestsOf(last!), [/from 3$/]);
    await client.close();
    t.match(state, { isDone: true, error: { code: 'closed' } });
    const late = follow(client.watch('k'));
    await settled();
    t.match(late, { isDone: true, error: { code: 'closed' } });
  },
);

t.test('an error that no endpoint mends ends the watches', async (t) => {
  const { client, streamAt } = setUp(1);
  const state = follow(client.watch('k'));
  await settled();
  streamAt(0).fail(failure(Status.unauthenticated, 'etcdserver: invalid auth token'));
  await settled();
  t.match(state.error, { code: 'unauthenticated' });
  await client.close();
});
