import t from 'tap';
import { connect, EventType, put, toText, type Watcher } from '../../src/client/index.js';
import { serverKind, skipReason, TestCluster } from './server.js';
import { within } from './until.js';

/** Reads batches until `count` events have come; `revision:key=value` each, `revision:key!` for a deletion. */
async function take(watcher: Watcher, count: number): Promise<string[]> {
  const events: string[] = [];
  if (count === 0) return events;
  const read = async () => {
    for await (const batch of watcher) {
      for (const { kv, type } of batch.events) {
        const rest = type === EventType.DELETE ? '!' : `=${toText(kv!.value)}`;
        events.push(`${kv!.modRevision}:${toText(kv!.key)}${rest}`);
      }
      if (events.length >= count) return;
    }
  };
  await within(`${count} events`, read());
  return events;
}

t.test(`watch against ${serverKind}`, { skip: skipReason }, async (t) => {
  const cluster = await TestCluster.start();
  const client = connect({ endpoints: cluster.endpoints });
  t.teardown(async () => {
    await client.close();
    await cluster.close();
  });

  t.test('a watch from now on reports puts and deletions in order', async (t) => {
    const watcher = client.watch({ prefix: 'now/' });
    const start = await watcher.started;
    await client.kv.put('now/a', '1');
    await client.kv.put('elsewhere', '1');
    await client.kv.delete('now/a');
    t.same(await take(watcher, 2), [`${start}:now/a=1`, `${start + 2}:now/a!`]);
  });

  t.test('a watch from the past replays, with previous values', async (t) => {
    const { header } = await client.kv.put('past', '1');
    await client.kv.put('past', '2');
    const watcher = client.watch('past', { startRevision: header.revision + 1, prevKv: true });
    for await (const { revision, events } of watcher) {
      t.equal(revision, header.revision + 1);
      t.equal(toText(events[0]!.prevKv!.value), '1');
      break;
    }
  });

  t.test('filters leave kinds of events out', async (t) => {
    const watcher = client.watch('filter', { without: ['put'] });
    const start = await watcher.started;
    await client.kv.put('filter', '1');
    await client.kv.delete('filter');
    t.same(await take(watcher, 1), [`${start + 1}:filter!`]);
  });

  t.test('many watches share the stream and end one by one', async (t) => {
    const watchers = Array.from({ length: 50 }, (_, i) => client.watch(`many/${i}`));
    await Promise.all(watchers.map((watcher) => watcher.started));
    for (const watcher of watchers.slice(0, 25)) watcher.close();
    for (let i = 0; i < 50; i++) await client.kv.put(`many/${i}`, `${i}`);
    for (let i = 25; i < 50; i++) {
      const [event] = await take(watchers[i]!, 1);
      t.match(event, new RegExp(`:many/${i}=${i}$`));
    }
    for await (const _ of watchers[0]!) t.fail('a closed watch reports nothing');
  });

  t.test('a transaction is one batch, split by the server or not', async (t) => {
    const watcher = client.watch({ prefix: 'txn/' }, { fragment: true });
    const start = await watcher.started;
    const value = 'x'.repeat(11_000);
    const puts = Array.from({ length: 120 }, (_, i) => put(`txn/${i}`, value));
    await client.kv
      .txn()
      .then(...puts)
      .commit();
    for await (const { revision, events } of watcher) {
      t.equal(revision, start);
      t.equal(events.length, 120);
      break;
    }
  });

  t.test('requestProgress tells how far an idle watch has come', async (t) => {
    const watcher = client.watch('idle');
    const start = await watcher.started;
    await client.kv.put('other', '1');
    client.requestProgress();
    const read = async () => {
      for await (const batch of watcher) return batch;
      return undefined;
    };
    t.match(await within('progress', read()), { revision: start, events: [] });
  });

  t.test('a compacted start is an error with the oldest revision kept', async (t) => {
    const { header } = await client.kv.put('compact', '1');
    await client.kv.put('compact', '2');
    await client.kv.compact(header.revision + 1);
    const watcher = client.watch('compact', { startRevision: header.revision });
    await t.rejects(take(watcher, 1), { code: 'compacted', compactRevision: header.revision + 1 });
  });

  t.test('an empty range is refused', async (t) => {
    const watcher = client.watch({ key: 'b', rangeEnd: 'a' });
    await t.rejects(watcher.started, { code: 'invalid-argument' });
    await t.rejects(take(watcher, 1), { code: 'invalid-argument' });
  });

  t.test('aborting the signal ends the iteration', async (t) => {
    const controller = new AbortController();
    const watcher = client.watch('abort', { signal: controller.signal });
    await watcher.started;
    const reading = take(watcher, 1);
    controller.abort();
    t.same(await reading, []);
    for await (const _ of client.watch('abort', { signal: controller.signal })) t.fail();
  });

  t.test('a slow reader loses nothing', async (t) => {
    const slow = client.watch('slow', { eventsBufferedMax: 10 });
    const fast = client.watch('slow');
    const start = await slow.started;
    await fast.started;
    const expected: string[] = [];
    for (let i = 0; i < 100; i++) {
      await client.kv.put('slow', `${i}`);
      expected.push(`${start + i}:slow=${i}`);
    }
    t.same(await take(fast, 100), expected);
    t.same(await take(slow, 100), expected);
  });

  t.test('a watch goes on after the server was killed and started again', async (t) => {
    const watcher = client.watch('restart');
    const start = await watcher.started;
    const expected: string[] = [];
    const write = async (value: string) => {
      const { header } = await client.kv.put('restart', value, { timeoutMs: 20_000 });
      expected.push(`${header.revision}:restart=${value}`);
    };
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5; i++) await write(`${round}.${i}`);
      await cluster.members[0]!.kill();
      await cluster.members[0]!.start();
    }
    await write('last');
    t.equal(expected[0], `${start}:restart=0.0`);
    t.same(await take(watcher, expected.length), expected);
  });

  t.test('closing the client fails the watch', async (t) => {
    const other = connect({ endpoints: cluster.endpoints });
    const watcher = other.watch('closing');
    await watcher.started;
    const reading = take(watcher, 1);
    await other.close();
    await t.rejects(reading, { code: 'closed' });
  });
});
