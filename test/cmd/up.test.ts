import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { connect } from '../../src/client/index.js';
import type { Node } from '../../src/control/api/gen/core-v1.js';
import { connectRest, readKubeconfig, resources } from '../../src/control/client/index.js';
import { hostClock } from '../../src/host/clock.js';
import { until } from '../client/until.js';
import { freePorts } from '../e2e/ports.js';
import { flotillaBin } from '../e2e/project.js';

/** Generous: other tests may have the machine. */
const deadlineMs = 240_000;

/** A running `flotilla up`, stopped with the test. */
class Up {
  readonly #child: ChildProcess;
  readonly exit: Promise<number | null>;
  out = '';

  constructor(t: Test, args: readonly string[], settings: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, [flotillaBin, 'up', ...args], {
      stdio: 'pipe',
      env: { ...process.env, ...settings },
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.out += text;
      });
    }
    this.exit = new Promise((resolve) => child.once('close', resolve));
    t.teardown(async () => {
      child.kill('SIGTERM');
      await this.exit;
      if (!t.passing()) t.comment(this.out);
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits for output, of which the first group is returned. */
  shows(pattern: RegExp): Promise<string> {
    return until(
      `output ${pattern}`,
      () => {
        const match = pattern.exec(this.out);
        return match === null ? undefined : (match[1] ?? match[0]);
      },
      deadlineMs,
    );
  }
}

async function tempDir(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-up-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Seven free ports in a row. */
async function freeBase(): Promise<number> {
  for (;;) {
    const ports = await freePorts(7);
    const [base] = ports;
    if (base !== undefined && ports.every((port, index) => port === base + index)) return base;
  }
}

t.test(
  'up: serves, restarts a member that dies, stops in order, and goes on with its data',
  async (t) => {
    const dir = join(await tempDir(t), 'data');
    const basePort = await freeBase();
    const first = new Up(t, ['--store-only', '--data-dir', dir, '--ports', `${basePort}`]);
    const endpoints = (await first.shows(/^endpoints: (.*)$/m)).split(',');
    t.equal(endpoints.length, 3);
    await first.shows(/Ctrl-C stops everything/);
    t.match(first.out, dir, 'the folder is named');
    t.match(first.out, `etcdctl --endpoints=${endpoints.join(',')} put greeting hello`);
    t.match(first.out, /flotilla ctl --endpoints=\S+ put greeting hello/);

    const client = connect({ endpoints, timeouts: { requestMs: deadlineMs } });
    t.teardown(() => client.close());
    await client.kv.put('greeting', 'hello');

    const second = new Up(t, ['--data-dir', dir]);
    t.equal(await second.exit, 1, 'a second `up` on the folder is refused');
    t.match(second.out, /another `flotilla up` runs in .* \(process \d+\)/);

    const pid = Number(await first.shows(/m2 started as process (\d+)/));
    process.kill(pid, 'SIGKILL');
    await first.shows(/m2 ended by SIGKILL; starting it again in 0.5 s/);
    await first.shows(/m2 serves again/);

    first.signal('SIGINT');
    // npm hands on what the terminal has sent already.
    first.signal('SIGINT');
    t.equal(await first.exit, 0, 'Ctrl-C ends with 0');
    t.match(first.out, /stopping\nm1 stopped\nm2 stopped\nm3 stopped\n/);
    t.match(await readFile(join(dir, 'm1.log'), 'utf8'), /ready to serve client requests/);

    const again = new Up(t, ['--store-only', '--data-dir', dir]);
    t.same((await again.shows(/^endpoints: (.*)$/m)).split(','), endpoints, 'the same ports');
    const { kv } = await client.kv.get('greeting');
    t.equal(Buffer.from(kv?.value ?? []).toString(), 'hello');
    again.signal('SIGTERM');
    t.equal(await again.exit, 0, 'SIGTERM ends with 0');
  },
);

t.test('up: takes other ports than those in use, and says so', async (t) => {
  const dir = await tempDir(t);
  const basePort = await freeBase();
  const squatter = createServer().listen({ port: basePort, host: '127.0.0.1' });
  t.teardown(() => squatter.close());
  await once(squatter, 'listening');
  const up = new Up(t, ['--store-only', '--data-dir', dir, '--ports', `${basePort}`]);
  const chosen = await up.shows(/port \d+ is taken by another program: using (\d+)/);
  t.match(await up.shows(/^endpoints: (.*)$/m), `127.0.0.1:${chosen},`);
  up.signal('SIGTERM');
  t.equal(await up.exit, 0);
});

t.test('up: told to stop before it serves, it stops', async (t) => {
  const dir = await tempDir(t);
  // However late the signal comes: the members wait for ever before their first line.
  const preload = join(dir, 'hold.cjs');
  await writeFile(
    preload,
    "if (process.argv[2] === 'store') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);",
  );
  const up = new Up(
    t,
    [...['--nodes', '0', '--data-dir', join(dir, 'data')], ...['--ports', `${await freeBase()}`]],
    { NODE_OPTIONS: `--require=${preload}` },
  );
  await up.shows(/m1 started/);
  up.signal('SIGINT');
  t.equal(await up.exit, 0);
  t.notMatch(up.out, /takes writes/);
});

const plan = (port: number) =>
  JSON.stringify({ format: 1, members: [{ name: 'm1', clientPort: port, peerPort: port + 1 }] });

t.test('up: says what is wrong and what to do', async (t) => {
  const dir = await tempDir(t);
  await mkdir(join(dir, 'foreign', 'photos'), { recursive: true });
  await mkdir(join(dir, 'broken'));
  await writeFile(join(dir, 'broken', 'up.json'), '{"format":1,"members":[{"name":"../x"}]}');
  await writeFile(join(dir, 'file'), 'text');
  const [port = 0] = await freePorts(1);
  const squatter = createServer().listen({ port, host: '127.0.0.1' });
  t.teardown(() => squatter.close());
  await once(squatter, 'listening');
  await mkdir(join(dir, 'taken'));
  await writeFile(join(dir, 'taken', 'up.json'), plan(port));

  const cases: readonly { args: readonly string[]; code: number; says: RegExp }[] = [
    {
      args: ['--data-dir', join(dir, 'foreign')],
      code: 1,
      says: /holds something else \(photos\): choose/,
    },
    {
      args: ['--data-dir', join(dir, 'broken')],
      code: 1,
      says: /up\.json cannot be read as the plan/,
    },
    {
      args: ['--data-dir', join(dir, 'file')],
      code: 1,
      says: /cannot make the folder|cannot use the folder/,
    },
    { args: ['--data-dir', join(dir, 'file', 'below')], code: 1, says: /cannot make the folder/ },
    { args: ['--data-dir', join(dir, 'taken')], code: 1, says: /port \d+ of member m1 is taken/ },
    { args: ['--ports', '70000'], code: 1, says: /number from 1 to 65529/ },
    { args: ['--ports', '1,2,3'], code: 1, says: /or 7 different ones/ },
    { args: ['--simulated-nodes', '-1'], code: 1, says: /number from 0 to 5000/ },
    { args: ['--replicas', '0'], code: 1, says: /number from 1 to 7/ },
    { args: ['--nodes', 'many'], code: 1, says: /number from 0 to 32/ },
    { args: ['--runtime', 'docker'], code: 1, says: /Give process or cri/ },
    { args: ['--frobnicate'], code: 1, says: /unknown option '--frobnicate'/ },
  ];
  for (const { args, code, says } of cases) {
    const up = new Up(t, args);
    t.equal(await up.exit, code, `up ${args.join(' ')}`);
    t.match(up.out, says);
    t.notMatch(up.out, /^ {4}at /m, 'no stack trace');
  }
});

t.test('up: the API server serves, and goes on with its data and credentials', async (t) => {
  const dir = join(await tempDir(t), 'data');
  const first = new Up(t, [
    ...['--nodes', '0', '--data-dir', dir],
    ...['--ports', `${await freeBase()}`],
  ]);
  const path = await first.shows(/^kubeconfig: (.*)$/m);
  const before = await readFile(path, 'utf8');
  const options = { clock: hostClock, userAgent: 'test' };
  const client = connectRest(await readKubeconfig(path), options);
  t.teardown(() => client.close());
  await client.objects(resources.namespaces).create({ metadata: { name: 'kept' } });
  const account = { namespace: 'kept', name: 'default' };
  await until(
    'the controllers',
    () =>
      client
        .objects(resources.serviceAccounts)
        .get(account)
        .catch(() => null),
    deadlineMs,
  );
  first.signal('SIGTERM');
  t.equal(await first.exit, 0);
  const second = new Up(t, ['--data-dir', dir]);
  await second.shows(/^kubeconfig: (.*)$/m);
  t.equal(await readFile(path, 'utf8'), before, 'the same port and credentials');
  const kept = await client.objects(resources.serviceAccounts).get(account);
  t.equal(kept.metadata.name, 'default');
  second.signal('SIGTERM');
  t.equal(await second.exit, 0);
});

t.test('up: controllers and schedulers, two of each, of which the others go on', async (t) => {
  const dir = join(await tempDir(t), 'data');
  const up = new Up(t, [
    ...['--data-dir', dir, '--ports', `${await freeBase()}`],
    ...['--replicas', '2', '--nodes', '0'],
  ]);
  const path = await up.shows(/^kubeconfig: (.*)$/m);
  const client = connectRest(await readKubeconfig(path), { clock: hostClock, userAgent: 'test' });
  t.teardown(() => client.close());
  await client.objects(resources.nodes).create(readyNode('n'));
  const labels = { app: 'web' };
  // Nobody renews the node: on a slow machine it is held to be lost before all pods are there.
  const tolerations = [{ operator: 'Exists' }];
  const spec = { tolerations, containers: [{ name: 'web', image: 'web' }] };
  await client.objects(resources.deployments).create({
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec },
    },
  });
  const bound = async () => {
    const { items } = await client.objects(resources.pods).list({ namespace: 'default' });
    return items.filter((pod) => pod.spec?.nodeName === 'n').length;
  };
  await until('two pods on the node', async () => (await bound()) === 2, deadlineMs);
  const leases = client.objects(resources.leases);
  for (const name of ['kube-controller-manager', 'kube-scheduler']) {
    const place = { namespace: 'kube-system', name };
    await until(`a leader of ${name}`, async () => {
      const lease = await leases.get(place).catch(() => null);
      return (lease?.spec?.holderIdentity ?? '') !== '';
    });
  }

  for (const name of ['controller-manager', 'scheduler']) {
    await up.shows(new RegExp(`${name}-2 started as process`));
    process.kill(
      Number(await up.shows(new RegExp(`${name} started as process (\\d+)`))),
      'SIGKILL',
    );
  }
  const scale = { spec: { replicas: 4 } };
  const web = { namespace: 'default', name: 'web' };
  await client.objects(resources.deployments).patch(web, 'merge', scale);
  await until('four pods on the node', async () => (await bound()) === 4, deadlineMs);
  up.signal('SIGTERM');
  t.equal(await up.exit, 0);
});

function readyNode(name: string): Node {
  const amounts = { cpu: '8', memory: '16Gi', pods: '110' };
  const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }];
  return { metadata: { name }, status: { capacity: amounts, allocatable: amounts, conditions } };
}
