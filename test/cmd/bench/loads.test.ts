import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { type BenchFlags, plans } from '../../../src/cmd/bench/flags.js';
import { type BenchReport, seriesOf } from '../../../src/cmd/bench/report.js';
import { runLoad } from '../../../src/cmd/bench/run-load.js';
import { toSpec } from '../../../src/cmd/bench/settings.js';
import { Lease } from '../../../src/wire/index.js';
import { until } from '../../client/until.js';
import { Cluster } from '../../e2e/cluster.js';
import { flotillaBin } from '../../e2e/project.js';
import { RawClient } from '../../e2e/raw-client.js';
import { runProgram } from './run-program.js';

/** What all keys of the loads start with. */
const keyPrefix = 'b';

/** All loads against a real store of one member, with so many calls that they can be counted there. */
t.test('flotilla bench', async (t) => {
  const cluster = await Cluster.forTest(t, { kind: 'flotilla', size: 1 });
  const client = new RawClient(cluster.member(0).endpoint);
  t.teardown(() => client.close());
  const endpoints = cluster.endpoints.join(',');
  const run = (name: string, flags: Partial<BenchFlags>): Promise<BenchReport> => {
    const plan = plans.find((each) => each.name === name)!;
    return runLoad(toSpec(plan, { endpoints, conns: '2', clients: '8', ...flags }));
  };
  const revision = async () => (await client.range(keyPrefix)).header!.revision;
  const keys = async () => (await client.range(keyPrefix)).kvs;

  const checkReport = (report: BenchReport, series: string, total: number) => {
    t.same(report.errors, {}, 'no errors');
    const { completed, latencyMs, histogramUs, perSecond } = seriesOf(report, series);
    t.equal(completed, total);
    t.equal(latencyMs?.count, total);
    t.equal(
      histogramUs.reduce((sum, [, count]) => sum + count, 0),
      total,
    );
    t.ok(perSecond > 0 && latencyMs!.p50 <= latencyMs!.p99 && latencyMs!.p99 <= latencyMs!.max);
    t.equal(report.server.members, 1);
  };

  await t.test('put: makes as many puts as asked for, over its keys', async () => {
    const before = await revision();
    checkReport(await run('put', { total: '200', keySpace: '5', valueSize: '33' }), 'put', 200);
    t.equal((await revision()) - before, 200);
    const found = await keys();
    t.equal(found.length, 5);
    t.ok(found.every(({ key, value }) => key.length === 24 && value.length === 33));
  });

  await t.test('put: sequential keys, from several processes, cover the key space', async () => {
    const flags = { keySpace: '60', total: '60', processes: '2', sequentialKeys: true } as const;
    checkReport(await run('put', { ...flags, keySize: '30' }), 'put', 60);
    const found = (await keys()).filter(({ key }) => key.length === 30);
    t.equal(found.length, 60);
    t.ok(found.every(({ version }) => version === 1));
  });

  await t.test('put: the seed decides the keys', async () => {
    const chosen = async (seed: string, keySize: string) => {
      const flags = { seed, keySize, keySpace: '100000', total: '20', clients: '1', conns: '1' };
      await run('put', flags);
      const found = (await keys()).filter(({ key }) => key.length === Number(keySize));
      return found.map(({ key }) => Number(Buffer.from(key).toString().slice(4)));
    };
    const first = await chosen('7', '31');
    t.same(await chosen('7', '32'), first);
    t.notSame(await chosen('8', '33'), first);
  });

  await t.test('put: by another client, and one that makes its calls at a rate', async () => {
    checkReport(await run('put', { total: '50', channel: 'grpc-js' }), 'put', 50);
    checkReport(await run('put', { total: '50', rate: '1000' }), 'put', 50);
  });

  await t.test('put: large values', async () => {
    const flags = { total: '4', valueSize: '1MiB', keySize: '25', keySpace: '2', clients: '2' };
    checkReport(await run('put', flags), 'put', 4);
    const large = (await keys()).filter(({ key }) => key.length === 25);
    t.ok(large.length > 0 && large.every(({ value }) => value.length === 1 << 20));
  });

  await t.test('range: writes the keys that are missing, then only reads', async () => {
    const flags = { keySpace: '40', keySize: '26', total: '100' };
    checkReport(await run('range', flags), 'range', 100);
    t.equal((await keys()).filter(({ key }) => key.length === 26).length, 40);
    const before = await revision();
    checkReport(await run('range', { ...flags, serializable: true }), 'range', 100);
    t.equal(await revision(), before);
  });

  await t.test('txn: each adds one revision, whatever it puts', async () => {
    const before = await revision();
    checkReport(
      await run('txn', { total: '30', puts: '3', keySpace: '9', keySize: '27' }),
      'txn',
      30,
    );
    t.equal((await revision()) - before, 30);
    const written = (await keys()).filter(({ key }) => key.length === 27);
    t.equal(
      written.reduce((sum, { version }) => sum + version, 0),
      90,
    );
  });

  await t.test('mixed: its calls are ranges and puts in the proportion asked for', async () => {
    const flags = { keySpace: '10', keySize: '28', total: '300', reads: '0.5' };
    const report = await run('mixed', flags);
    const [ranges, puts] = ['range', 'put'].map((name) => seriesOf(report, name).completed);
    t.equal(ranges! + puts!, 300);
    t.ok(ranges! > 100 && puts! > 100, `${ranges} ranges, ${puts} puts`);
    t.same(report.errors, {});
  });

  await t.test('watch: every watcher gets every event', async () => {
    const report = await run('watch', { total: '20', watchers: '30' });
    t.same(report.errors, {});
    t.equal(seriesOf(report, 'put').completed, 20);
    t.equal(seriesOf(report, 'delivery').completed, 600);
  });

  await t.test(
    'watch: watchers spread over keys get the events of theirs, in several processes',
    async () => {
      const flags = { total: '40', watchers: '20', keySpace: '4', sequentialKeys: true } as const;
      const report = await run('watch', { ...flags, processes: '2', conns: '2' });
      t.same(report.errors, {});
      // 10 puts of each key, 5 watchers on each; events of the other process may come after the end.
      const delivered = seriesOf(report, 'delivery').completed;
      t.ok(delivered >= 100 && delivered <= 200, `${delivered}`);
    },
  );

  await t.test(
    'lease-keepalive: renews over one stream or many, and gives its leases back',
    async () => {
      for (const mode of ['stream', 'once']) {
        checkReport(await run('lease-keepalive', { total: '50', mode }), 'keepalive', 50);
      }
      const { leases } = await client.call(Lease.methods.LeaseLeases, {});
      t.same(leases, []);
    },
  );

  await t.test('fill: writes every key once', async () => {
    const report = await run('fill', { keySpace: '250', keySize: '29' });
    t.equal(seriesOf(report, 'fill').completed, 250);
    t.equal(seriesOf(report, 'fill').latencyMs?.count, 3, 'in three transactions');
    const written = (await keys()).filter(({ key }) => key.length === 29);
    t.equal(written.length, 250);
    t.ok(written.every(({ version }) => version === 1));
  });

  await t.test('errors are counted by their status, and are no successes', async () => {
    const report = await run('txn', { total: '5', puts: '200', keySpace: '300' });
    t.same(report.errors, { INVALID_ARGUMENT: 5 }, 'more puts than a transaction may have');
    const { completed, latencyMs } = seriesOf(report, 'txn');
    t.equal(completed, 0);
    t.equal(latencyMs, null);
  });

  await t.test('a run can be ended early, and reports what it measured', async () => {
    const stop = new AbortController();
    const spec = toSpec(plans[0]!, { endpoints, duration: '10m', warmup: '0' });
    const before = await revision();
    const running = runLoad(spec, { signal: stop.signal });
    await until('some puts', async () => (await revision()) > before + 10);
    stop.abort();
    const report = await running;
    t.equal(report.isInterrupted, true);
    t.ok(seriesOf(report, 'put').completed > 0);
    t.same(report.errors, {});
  });

  await t.test(
    'the command line: Ctrl-C ends the load, in all its processes, and reports',
    async (t) => {
      const args = ['bench', 'put', '--endpoints', endpoints, '--duration', '10m'];
      const options = { interruptAfter: /put [\d,.]+\/s/ };
      const { code, stdout } = await runProgram(
        flotillaBin,
        [...args, '--processes', '2'],
        options,
      );
      t.equal(code, 0);
      t.match(stdout, /\nended early by a signal\n/);
      t.match(stdout, /\nput: [\d.,]+\/s/);
      t.match(stdout, /\nerrors {3}none\n/);
    },
  );

  await t.test(
    'the command line: JSON and HTML of the same report, progress apart from it',
    async (t) => {
      const dir = await mkdtemp(join(tmpdir(), 'flotilla-bench-test-'));
      t.teardown(() => rm(dir, { recursive: true }));
      const [json, page] = [join(dir, 'report.json'), join(dir, 'report.html')];
      const args = ['bench', 'put', '--endpoints', endpoints, '--total', '20', '--clients', '2'];
      const { code, stdout } = await runProgram(flotillaBin, [
        ...args,
        '--json',
        json,
        '--html',
        page,
      ]);
      t.equal(code, 0);
      t.match(stdout, /^server {3}3\.5\.\d+, 1 member; called: http:\/\/127/);
      t.match(stdout, /\nput: [\d.,]+\/s \(20 in [\d.]+ s\)\n {2}latency ms {2}p50 [\d.]+ {2}p90/);
      t.match(stdout, /\nerrors {3}none\n/);
      const report = JSON.parse(await readFile(json, 'utf8')) as BenchReport;
      t.equal(report.format, 'flotilla-bench/1');
      t.equal(seriesOf(report, 'put').completed, 20);
      t.match(await readFile(page, 'utf8'), /^<!doctype html>/);
    },
  );
});

t.test('failover: the gap covers the time without the only member', async (t) => {
  const cluster = await Cluster.forTest(t, { kind: 'flotilla', size: 1 });
  const plan = plans.find(({ name }) => name === 'failover')!;
  const stop = new AbortController();
  const spec = toSpec(plan, {
    endpoints: cluster.endpoints.join(','),
    duration: '10m',
    warmup: '0',
  });
  const client = new RawClient(cluster.member(0).endpoint);
  const revision = async () => (await client.range(keyPrefix)).header!.revision;
  const running = runLoad(spec, { signal: stop.signal });
  await until('writes', async () => (await revision()) > 10);
  client.close();
  await cluster.member(0).kill();
  // What it answered before it died may still be read in this turn.
  await setImmediate();
  await setImmediate();
  const killedMs = performance.now();
  await until('it has been down for a while', () => performance.now() - killedMs > 500);
  const downMs = performance.now() - killedMs;
  await cluster.startAll();
  const again = new RawClient(cluster.member(0).endpoint);
  const before = (await again.range(keyPrefix)).header!.revision;
  await until('writes again', async () => (await again.range(keyPrefix)).header!.revision > before);
  again.close();
  stop.abort();
  const report = await running;
  t.ok(report.longestGap.ms >= downMs, `${report.longestGap.ms} ms, down for ${downMs} ms`);
  t.ok(Object.keys(report.errors).length > 0, 'attempts failed meanwhile, and are told');
});
