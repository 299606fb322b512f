import t from 'tap';
import { History, type WatchedEvent } from './history.js';
import type { KvVersion } from './kv-model.js';
import { checkReplay } from './replay.js';
import { WatchLog } from './watch-log.js';

const version = (value: string, modRevision: number): KvVersion => ({
  value,
  version: 1,
  createRevision: modRevision,
  modRevision,
  lease: '',
});
const put = (key: string, modRevision: number, value = `${key}${modRevision}`): WatchedEvent => ({
  key,
  modRevision,
  version: version(value, modRevision),
  at: modRevision,
});

const refused: readonly {
  readonly name: string;
  readonly responses: readonly (readonly WatchedEvent[])[];
  readonly message: RegExp;
}[] = [
  {
    name: 'an event that was sent before',
    responses: [[put('a', 2)], [put('a', 2)]],
    message: /^watch events come once and in order/,
  },
  {
    name: 'a revision in two responses',
    responses: [[put('a', 2)], [put('b', 2)]],
    message: /^watch events come once and in order/,
  },
  {
    name: 'events of one response out of order',
    responses: [[put('a', 3), put('a', 2)]],
    message: /^watch events come in order/,
  },
  {
    name: 'an event twice in one response',
    responses: [[put('a', 2), put('a', 2)]],
    message: /^watch events come once/,
  },
  {
    name: 'a key that nobody watches',
    responses: [[put('b', 2)]],
    message: /^watchers get what they watch/,
  },
];

for (const { name, responses, message } of refused) {
  t.test(`WatchLog refuses ${name}`, async (t) => {
    const log = new WatchLog('w', name.includes('nobody') ? 'a' : '');
    t.throws(
      () => {
        for (const events of responses) log.onEvents(events);
      },
      { message },
    );
  });
}

t.test('WatchLog resumes after what it has, and knows what compaction took', async (t) => {
  const log = new WatchLog('w', '');
  log.onEvents([put('a', 2), put('b', 2)]);
  log.onProgress(5);
  t.equal(log.nextRevision, 6);
  log.onCompacted(9);
  t.equal(log.nextRevision, 10);
  t.same(
    [2, 5, 6, 9].map((revision) => log.covers(revision)),
    [true, true, false, false],
  );
  t.throws(() => log.onCompacted(3), { message: /^only what is compacted is refused/ });
});

/** A history with one put of each event's key, at its revision, and the watchers' logs. */
function watched(options: { seenBy: Record<string, readonly WatchedEvent[]> }) {
  const history = new History();
  for (const revision of [2, 3]) {
    const op = {
      kind: 'txn',
      compares: [],
      success: [{ kind: 'put', key: 'a', value: `a${revision}`, lease: '' }],
      failure: [],
      result: null,
    } as const;
    const operation = history.begin('c', revision * 10, op, false);
    history.end(operation, revision * 10 + 1, {
      revision,
      succeeded: true,
      steps: [{ kind: 'put' }],
    });
  }
  const logs = Object.entries(options.seenBy).map(([name, events]) => {
    const log = new WatchLog(name, '');
    for (const event of events) {
      history.seeEvent(event);
      log.onEvents([event]);
    }
    return log;
  });
  return { history, logs };
}

t.test('checkReplay accepts what every watcher saw in full', async (t) => {
  const all = [put('a', 2), put('a', 3)];
  const { history, logs } = watched({ seenBy: { w1: all, w2: all } });
  t.doesNotThrow(() => checkReplay(history, logs));
});

t.test('checkReplay refuses a gap, also where only an answer tells of it', async (t) => {
  const one = watched({ seenBy: { w1: [put('a', 2), put('a', 3)], w2: [put('a', 3)] } });
  t.throws(() => checkReplay(one.history, one.logs), { message: /^watchers miss nothing/ });
  const all = watched({ seenBy: { w1: [put('a', 3)] } });
  t.throws(() => checkReplay(all.history, all.logs), { message: /^watchers miss nothing/ });
});

t.test('checkReplay refuses a write that nobody sent, or that took effect twice', async (t) => {
  const invented = watched({ seenBy: { w1: [put('a', 2), put('a', 3), put('a', 4)] } });
  t.throws(() => checkReplay(invented.history, invented.logs), {
    message: /^no write appears that nobody sent/,
  });
  const twice = watched({ seenBy: { w1: [put('a', 2), put('a', 3), put('a', 4, 'a3')] } });
  t.throws(() => checkReplay(twice.history, twice.logs), {
    message: /^a write takes effect at most once/,
  });
});

t.test('checkReplay refuses a serializable read of a state that never was', async (t) => {
  const { history, logs } = watched({ seenBy: { w1: [put('a', 2), put('a', 3)] } });
  const op = {
    kind: 'txn',
    compares: [],
    success: [{ kind: 'get', key: 'a' }],
    failure: [],
    result: null,
  } as const;
  const read = history.begin('c', 100, op, true);
  const found = version('a2', 2);
  history.end(read, 101, { revision: 2, succeeded: true, steps: [{ kind: 'get', found }] });
  t.doesNotThrow(() => checkReplay(history, logs), 'old, but true at its revision');
  const bad = history.begin('c', 102, op, true);
  history.end(bad, 103, { revision: 3, succeeded: true, steps: [{ kind: 'get', found }] });
  t.throws(() => checkReplay(history, logs), { message: /^a read shows the state/ });
});
