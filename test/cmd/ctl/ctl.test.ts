import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { serverKind, skipReason, TestCluster } from '../../client/server.js';
import { within } from '../../client/until.js';
import { runCtl, runCtlWith, startCtl } from './run-ctl.js';

t.test(
  `ctl's lasting commands against ${serverKind}`,
  {
    skip: skipReason,
  },
  async (t) => {
    const cluster = await TestCluster.start();
    t.teardown(() => cluster.close());
    const endpoints = `--endpoints=${cluster.endpoints.join(',')}`;
    const ctl = (...args: string[]) => runCtl('flotilla', [endpoints, ...args]);

    /** Starts a command that lasts. */
    const start = (t: Test, ...args: string[]) => {
      const child = startCtl('flotilla', [endpoints, ...args]);
      const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
      t.teardown(() => child.kill('SIGKILL'));
      const take = async (count: number) => {
        const taken: string[] = [];
        while (taken.length < count) {
          const { value, done } = await within(`line ${taken.length + 1}`, lines.next());
          if (done) break;
          taken.push(value);
        }
        return taken;
      };
      return { child, take };
    };
    const interrupt = async (child: ChildProcess) => {
      child.kill('SIGINT');
      const [code] = await within('the end', once(child, 'exit'));
      return code as number | null;
    };

    t.test('watch prints events from a revision on, until it is interrupted', async (t) => {
      const { child, take } = start(t, 'watch', 'w', '--prefix', '--rev', '1', '--prev-kv');
      await ctl('put', 'w1', 'a');
      await ctl('put', 'w1', 'b');
      await ctl('del', 'w1');
      t.same(await take(12), [
        'PUT',
        'w1',
        'a',
        'PUT',
        'w1',
        'a',
        'w1',
        'b',
        'DELETE',
        'w1',
        'b',
        'w1',
      ]);
      await interrupt(child);
    });

    t.test('watch runs a command for each event', async (t) => {
      const script = 'echo "$ETCD_WATCH_EVENT_TYPE $ETCD_WATCH_KEY $ETCD_WATCH_VALUE"';
      const { child, take } = start(t, 'watch', 'x', '--rev', '1', '--', 'sh', '-c', script);
      await ctl('put', 'x', 'a "b"');
      t.same(await take(4), ['PUT', 'x', 'a "b"', '"PUT" "x" "a \\"b\\""']);
      await interrupt(child);
    });

    t.test('watch -i reads several watches and asks for progress', async (t) => {
      const { child, take } = start(t, 'watch', '-i');
      child.stdin!.write('watch y --rev 1\nwatch z --prefix --rev 1\nbogus\n');
      await ctl('put', 'y', '1');
      t.same(await take(3), ['PUT', 'y', '1']);
      await ctl('put', 'z2', '2');
      t.same(await take(3), ['PUT', 'z2', '2']);
      child.stdin!.write('progress\n');
      t.match(await take(1), [/^progress notify: \d+$/]);
      child.stdin!.end();
      const [code] = await within('the end', once(child, 'exit'));
      t.equal(code, 3);
    });

    t.test("a compacted watch ends with etcdctl's exit code", async (t) => {
      await ctl('put', 'c', '1');
      const { stdout } = await ctl('get', 'c', '-w', 'json');
      const { revision } = JSON.parse(stdout).header;
      await ctl('put', 'c', '2');
      await ctl('compaction', String(revision + 1));
      const { exitCode, stderr } = await ctl('watch', 'c', '--rev', String(revision));
      t.equal(exitCode, 5);
      t.match(stderr, /compacted/);
    });

    t.test('lock holds until it is interrupted, and the next one gets it', async (t) => {
      const first = start(t, 'lock', 'L', '--ttl', '20');
      const [key] = await first.take(1);
      t.match(key, /^L\/[0-9a-f]+$/);
      const second = start(t, 'lock', 'L');
      t.equal(await interrupt(first.child), 0);
      const [other] = await second.take(1);
      t.not(other, key);
      await interrupt(second.child);
      t.equal((await ctl('get', 'L', '--prefix', '--count-only')).stdout, '0\n');
    });

    t.test('lock runs a command under the lock and takes its exit code', async (t) => {
      const script = 'echo "$ETCD_LOCK_KEY"; exit 7';
      const { stdout, exitCode } = await ctl('lock', 'M', '--', 'sh', '-c', script);
      t.match(stdout, /^M\/[0-9a-f]+\n$/);
      t.equal(exitCode, 7);
      t.equal((await ctl('lock', 'M', '--', 'no-such-program')).exitCode, 1);
    });

    t.test('elect leads until it is interrupted; elect -l tells who leads', async (t) => {
      const leader = start(t, 'elect', 'E', 'first');
      t.match(await leader.take(2), [/^E\//, 'first']);
      const listener = start(t, 'elect', '-l', 'E');
      t.match(await listener.take(2), [/^E\//, 'first']);
      const heir = start(t, 'elect', 'E', 'second');
      t.equal(await interrupt(leader.child), 0);
      t.match(await heir.take(2), [/^E\//, 'second']);
      t.match(await listener.take(2), [/^E\//, 'second']);
      await interrupt(heir.child);
      t.equal(await interrupt(listener.child), 0);
    });

    t.test('lease keep-alive renews until the lease is revoked', async (t) => {
      // On a busy machine the next command takes seconds to begin.
      const { stdout } = await ctl('lease', 'grant', '24');
      const id = /lease ([0-9a-f]+)/.exec(stdout)![1]!;
      const { child, take } = start(t, 'lease', 'keep-alive', id);
      const line = `lease ${id} keepalived with TTL(24)`;
      t.same(await take(2), [line, line]);
      await ctl('lease', 'revoke', id);
      // Renewals may come in between.
      let last = line;
      while (last === line) [last = ''] = await take(1);
      t.equal(last, `lease ${id} expired or revoked.`);
      if (child.exitCode === null) await within('the end', once(child, 'exit'));
      t.equal(child.exitCode, 0);
    });

    t.test('endpoint health tells the well from the sick', async (t) => {
      const well = await ctl('endpoint', 'health');
      t.match(well.stdout, /is healthy: successfully committed proposal: took = [0-9.]+m?s\n$/);
      t.equal(well.exitCode, 0);
      const list = `--endpoints=${cluster.endpoints[0]},127.0.0.1:1`;
      const sick = await runCtl('flotilla', [
        list,
        '--command-timeout=5s',
        'endpoint',
        'health',
        '-w=json',
      ]);
      t.match(JSON.parse(sick.stdout), [
        { health: true },
        { health: false, endpoint: '127.0.0.1:1' },
      ]);
      t.equal(sick.exitCode, 1);
    });

    t.test('settings come from the environment, flags come first', async (t) => {
      const run = (env: Record<string, string>, ...args: string[]) => runCtlWith(env, args);
      const good = cluster.endpoints[0]!;
      await ctl('put', 'env', '1');
      const json = await run({ ETCDCTL_ENDPOINTS: good, ETCDCTL_WRITE_OUT: 'json' }, 'get', 'env');
      t.equal(JSON.parse(json.stdout).count, 1);
      const both = { FLOTILLACTL_ENDPOINTS: good, ETCDCTL_ENDPOINTS: '127.0.0.1:1' };
      t.equal((await run(both, 'get', 'env')).stdout, 'env\n1\n');
      const flag = await run(
        { ETCDCTL_ENDPOINTS: '127.0.0.1:1' },
        `--endpoints=${good}`,
        'get',
        'env',
      );
      t.equal(flag.exitCode, 0);
    });

    const refusals: readonly [string[], number, RegExp][] = [
      [['get', 'a', '-w', 'xml'], 4, /unsupported output format/],
      [['get', 'a', '--command-timeout', 'soon'], 128, /no duration/],
      [['--endpoints', ',', 'get', 'a'], 128, /no endpoint/],
      [['--endpoints', 'ftp://a:1', 'get', 'a'], 1, /cannot use endpoint/],
      [['--endpoints', '127.0.0.1:1', '--command-timeout', '300ms', 'get', 'a'], 1, /./],
      [['--cert', 'x.pem', 'get', 'a'], 128, /together/],
      [['--cacert', '/no/such/file', 'get', 'a'], 1, /cannot read/],
    ];
    for (const [args, exitCode, message] of refusals) {
      t.test(`refuses ${args.join(' ')}`, async (t) => {
        const result = await ctl(...args);
        t.equal(result.exitCode, exitCode);
        t.match(result.stderr, message);
      });
    }
  },
);
