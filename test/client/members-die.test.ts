import t from 'tap';
import { ClientError, connect, toText } from '../../src/client/index.js';
import { serverKind, skipReason, TestCluster } from './server.js';
import { until, within } from './until.js';

/** etcd lets a write that was forwarded to a leader that died wait for its whole timeout; ours must not. */
const mayTimeOut = serverKind === 'etcd';
const rounds = 4;

t.test(
  `members of ${serverKind} die one after the other under a writer, a watch and a lock`,
  {
    skip: skipReason,
  },
  async (t) => {
    const cluster = await TestCluster.start(3);
    const client = connect({ endpoints: cluster.endpoints });
    t.teardown(async () => {
      await client.close();
      await cluster.close();
    });

    const watcher = client.watch('counter');
    await watcher.started;
    const seen: number[] = [];
    const watching = (async () => {
      for await (const { events } of watcher) {
        for (const { kv } of events) seen.push(Number(toText(kv!.value)));
      }
    })();
    const session = await client.session({ ttlSeconds: 60 });
    const lock = await client.lock('guard', { session });

    let next = 0;
    let gapMs = 0;
    let isStopped = false;
    const acknowledged: number[] = [];
    const unknown = new Set<number>();
    const writing = (async () => {
      let lastAt = performance.now();
      while (!isStopped) {
        const value = next++;
        try {
          await client.kv.put('counter', `${value}`);
          acknowledged.push(value);
          gapMs = Math.max(gapMs, performance.now() - lastAt);
          lastAt = performance.now();
        } catch (error) {
          if (!(error instanceof ClientError)) throw error;
          // The test has failed elsewhere and is being torn down.
          if (error.code === 'closed') return;
          t.ok(
            error.maybeApplied || error.code === 'unavailable',
            `${error.code}: ${error.message}`,
          );
          if (!mayTimeOut) t.notMatch(error.message, /timed out/);
          if (error.maybeApplied) unknown.add(value);
        }
      }
    })();

    for (let round = 0; round < rounds; round++) {
      const member = cluster.members[round % cluster.members.length]!;
      const before = acknowledged.length;
      await until('some writes', () => acknowledged.length >= before + 20);
      await member.kill();
      const dead = acknowledged.length;
      await until('writes go on', () => acknowledged.length >= dead + 20);
      await member.start();
    }
    isStopped = true;
    await writing;
    const last = acknowledged.at(-1)!;
    await until('the watch has seen the last write', () => seen.includes(last));
    watcher.close();
    await within('the end of the watch', watching);

    const expected = seen.filter((value) => !unknown.has(value));
    t.same(expected, acknowledged, 'every acknowledged write is seen once, in order');
    t.equal(new Set(seen).size, seen.length, 'no write is seen twice');
    t.comment(`longest pause between writes: ${Math.round(gapMs)} ms`);
    t.notOk(lock.lost.aborted, 'the session outlives the members');
    const { kv } = await client.kv.get(lock.key);
    t.equal(kv?.createRevision, lock.fencingToken);
    await lock.release();
  },
);
