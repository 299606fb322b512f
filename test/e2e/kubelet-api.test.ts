/** Stock kubectls through an API server to a kubelet with the process runtime: exec, attach, cp, port-forward, logs, top. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startTestEnv, type TestEnv } from '../../src/cmd/testenv/start-test-env.js';
import type { Pod } from '../../src/control/api/gen/core-v1.js';
import { resources } from '../../src/control/client/index.js';
import { makeCertificate } from '../../src/host/certificate-maker.js';
import { findKubectl, type Kubectl, wantedVersions } from './kubectl/kubectls.js';
import { ManagerProcess } from './manager-process.js';
import { skipBecause } from './project.js';

const found = wantedVersions.map((version) => ({ version, kubectl: findKubectl(version) }));
const newest = found.findLast(({ kubectl }) => kubectl !== null)?.kubectl ?? null;
const deadlineMs = 60_000;

/** A cluster of one node, as its clients see it. */
interface Rig {
  readonly env: TestEnv;
  readonly dir: string;
}

async function until<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  const endMs = Date.now() + deadlineMs;
  for (;;) {
    const value = await look();
    if (value !== null) return value;
    if (Date.now() > endMs) throw new Error(`it did not come to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function writeCertificates(dir: string): Promise<void> {
  const validity = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 };
  const ca = await makeCertificate({ commonName: 'ca', use: 'authority', ...validity });
  const front = await makeCertificate({ commonName: 'front', use: 'authority', ...validity });
  const masters = { organizations: ['system:masters'], use: 'client', ...validity } as const;
  const all = {
    ca,
    front,
    client: await makeCertificate({ commonName: 'apiserver', ...masters }, ca),
    proxy: await makeCertificate({ commonName: 'proxy', use: 'client', ...validity }, front),
    kubelet: await makeCertificate(
      { commonName: 'n1', names: ['127.0.0.1'], use: 'server', ...validity },
      ca,
    ),
  };
  for (const [name, { cert, key }] of Object.entries(all)) {
    await writeFile(join(dir, `${name}.crt`), cert);
    await writeFile(join(dir, `${name}.key`), key, { mode: 0o600 });
  }
}

/** Starts a store, an API server, a kubelet and a metrics server until the test ends; resolves when the pod `web` runs. */
async function startRig(t: Test): Promise<Rig> {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-node-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  await writeCertificates(dir);
  const pair = (cert: string, key: string, name: string) => [
    `--${cert}=${dir}/${name}.crt`,
    `--${key}=${dir}/${name}.key`,
  ];
  const env = await startTestEnv({
    apiServerFlags: [
      ...pair('kubelet-client-certificate', 'kubelet-client-key', 'client'),
      `--kubelet-certificate-authority=${dir}/ca.crt`,
      '--kubelet-preferred-address-types=InternalIP',
      ...pair('proxy-client-cert-file', 'proxy-client-key-file', 'proxy'),
    ],
  });
  t.teardown(() => env.close());
  const kubeconfig = `--kubeconfig=${env.kubeconfig}`;
  const kubelet = new ManagerProcess('kubelet', 'kubelet', [
    ...[kubeconfig, '--hostname-override=n1', '--node-ip=127.0.0.1', '--address=127.0.0.1'],
    ...[`--root-dir=${dir}/kubelet`, `--pod-logs-dir=${dir}/logs`, '--port=0', '--healthz-port=0'],
    ...[`--process-runtime-dir=${dir}/runtime`, '--process-missing-images=host'],
    ...['--process-isolation=false', '--eviction-hard=memory.available<1Mi'],
    `--client-ca-file=${dir}/ca.crt`,
    ...pair('tls-cert-file', 'tls-private-key-file', 'kubelet'),
  ]);
  const metrics = new ManagerProcess('metrics-server', 'metrics-server', [
    ...[kubeconfig, '--secure-port=0', '--metric-resolution=1s'],
    ...[
      '--kubelet-preferred-address-types=InternalIP',
      `--kubelet-certificate-authority=${dir}/ca.crt`,
    ],
    ...pair('kubelet-client-certificate', 'kubelet-client-key', 'client'),
    `--requestheader-client-ca-file=${dir}/front.crt`,
  ]);
  t.teardown(async () => {
    await deletePods(env);
    for (const program of [metrics, kubelet]) {
      program.signal('SIGTERM');
      await program.exit;
    }
  });
  const pods = env.client.objects(resources.pods);
  await env.client.objects(resources.serviceAccounts).create({
    metadata: { name: 'plain', namespace: 'default' },
    automountServiceAccountToken: false,
  });
  await pods.create(webPod);
  await until('the pod runs', async () => {
    const { status } = await pods.get({ namespace: 'default', name: 'web' });
    const states = status?.containerStatuses ?? [];
    return states.length === 2 && states.every(({ ready }) => ready) ? true : null;
  });
  return { env, dir };
}

const webPod: Pod = {
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    ...{ nodeName: 'n1', hostNetwork: true, serviceAccountName: 'plain' },
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        ...{ name: 'app', image: 'host' },
        command: ['sh', '-c', 'echo one; echo two; echo three >&2; exec sleep 100000'],
      },
      { name: 'talk', image: 'host', stdin: true, command: ['cat'] },
    ],
  },
};

/** Nothing is left running: the kubelet ends what it started. */
async function deletePods({ client }: TestEnv): Promise<void> {
  const pods = client.objects(resources.pods);
  await pods.deleteCollection({ namespace: 'default' }, { gracePeriodSeconds: 1 });
  await until('the pods are gone', async () =>
    (await pods.list({ namespace: 'default' })).items.length === 0 ? true : null,
  );
}

interface Outcome {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs kubectl to its end. */
function run(rig: Rig, { path }: Kubectl, words: readonly string[], input = ''): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(
      path,
      [`--kubeconfig=${rig.env.kubeconfig}`, ...words],
      { encoding: 'buffer', maxBuffer: 1 << 28, timeout: deadlineMs },
      (error, stdout, stderr) => {
        const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
        resolve({ code, stdout, stderr: stderr.toString() });
      },
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** A kubectl that runs until the test ends, and what it has written. */
function start(t: Test, rig: Rig, { path }: Kubectl, words: readonly string[]) {
  const child: ChildProcess = spawn(path, [`--kubeconfig=${rig.env.kubeconfig}`, ...words]);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  t.teardown(async () => {
    child.kill();
    await ended;
  });
  let text = '';
  const onText = (chunk: Buffer) => {
    text += chunk.toString();
  };
  child.stdout?.on('data', onText);
  child.stderr?.on('data', onText);
  return {
    child,
    untilSaid: (wanted: string | RegExp) =>
      until(`kubectl says ${wanted}, not ${text}`, async () =>
        (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)) ? text : null,
      ),
  };
}

/** A server that answers requests with how much they brought, until the test ends. */
async function startWeb(t: Test): Promise<number> {
  const server = http.createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => response.end(`got ${bytes}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function checkCommands(t: Test, rig: Rig, kubectl: Kubectl): Promise<void> {
  const exec = (words: readonly string[], input?: string) =>
    run(rig, kubectl, ['exec', '-i', 'web', '-c', 'app', '--', ...words], input);
  const failing = await exec(['sh', '-c', 'echo out; echo err >&2; exit 3']);
  t.equal(failing.code, 3, 'the exit code is that of the command');
  t.equal(failing.stdout.toString(), 'out\n');
  t.match(failing.stderr, /^err\n.*exit code 3/s);
  const input = 'x'.repeat(3_000_000);
  t.equal((await exec(['wc', '-c'], input)).stdout.toString().trim(), String(input.length));
  t.equal((await exec(['head', '-c', '5000000', '/dev/zero'])).stdout.length, 5_000_000);
  const absent = await run(rig, kubectl, ['exec', 'web', '-c', 'app', '--', '/none']);
  t.not(absent.code, 0, 'a command that is not there fails');
}

/** A command in a terminal of 99 by 33 cells. */
async function checkTerminal(t: Test, rig: Rig, { path }: Kubectl): Promise<void> {
  const loop = `until [ "$(stty size)" = "33 99" ]; do sleep 0.1; done; test -t 1 && echo sized; exit 4`;
  const words = `${path} --kubeconfig=${rig.env.kubeconfig} exec -it web -c app -- sh -c '${loop}'`;
  const child = spawn('script', ['-qec', `stty cols 99 rows 33; ${words}`, '/dev/null']);
  t.teardown(() => child.kill());
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  t.match(text, 'sized', 'the terminal is as large as that of kubectl');
  t.equal(code, 4);
}

async function checkCopies(t: Test, rig: Rig, kubectl: Kubectl): Promise<void> {
  const source = join(rig.dir, 'source');
  const [there, back] = [`${source}-${kubectl.version}-there`, `${source}-${kubectl.version}-back`];
  const bytes = Buffer.alloc(2_000_000, kubectl.version);
  await writeFile(source, bytes);
  t.equal((await run(rig, kubectl, ['cp', source, `web:${there}`, '-c', 'app'])).code, 0);
  t.ok((await readFile(there)).equals(bytes), 'a file is copied into the pod');
  t.equal((await run(rig, kubectl, ['cp', `web:${there}`, back, '-c', 'app'])).code, 0);
  t.ok((await readFile(back)).equals(bytes), 'and out of it');
}

async function checkAttach(t: Test, rig: Rig, kubectl: Kubectl): Promise<void> {
  const attached = start(t, rig, kubectl, ['attach', '-i', 'web', '-c', 'talk']);
  const word = `hello from ${kubectl.version}`;
  // What is written before the other side listens is not shown to it: it is said until it is.
  const timer = setInterval(() => attached.child.stdin?.write(`${word}\n`), 200);
  t.teardown(() => clearInterval(timer));
  await attached.untilSaid(word);
  t.pass('attach talks with the process');
}

async function checkForwarding(t: Test, rig: Rig, kubectl: Kubectl): Promise<void> {
  const port = await startWeb(t);
  const words = ['port-forward', '--address=127.0.0.1', 'pod/web', `:${port}`];
  const forwarding = start(t, rig, kubectl, words);
  const said = await forwarding.untilSaid(/Forwarding from 127\.0\.0\.1:\d+/);
  const local = /127\.0\.0\.1:(\d+)/.exec(said)?.[1];
  const body = Buffer.alloc(300_000);
  const post = async () => {
    const answer = await fetch(`http://127.0.0.1:${local}`, { method: 'POST', body });
    return answer.text();
  };
  const answers = await Promise.all(Array.from({ length: 20 }, post));
  t.same(new Set(answers), new Set(['got 300000']), 'many connections at once');
}

async function checkLogs(t: Test, rig: Rig, kubectl: Kubectl): Promise<void> {
  const logs = async (...words: string[]) => {
    const { stdout } = await run(rig, kubectl, ['logs', 'web', '-c', 'app', ...words]);
    return stdout.toString();
  };
  t.equal((await logs()).split('\n').sort().join(' '), ' one three two');
  t.equal((await logs('--tail=0')).length, 0);
  t.equal((await logs('--limit-bytes=3')).length, 3);
  t.match(await logs('--timestamps'), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\S+ /);
  t.equal(await logs('--since-time=2999-01-01T00:00:00Z'), '');
  const before = await run(rig, kubectl, ['logs', 'web', '-c', 'app', '--previous']);
  t.match(before.stderr, 'previous terminated container "app" in pod "web" not found');
  const following = start(t, rig, kubectl, ['logs', '-f', 'web', '-c', 'talk', '--tail=1']);
  await following.untilSaid('hello from');
}

t.test(
  'kubectl reaches into the pods of a node',
  skipBecause(newest === null && 'no kubectl'),
  async (t) => {
    const rig = await startRig(t);
    for (const { version, kubectl } of found) {
      const skip = kubectl === null && `not on this machine: kubectl ${version}`;
      await t.test(`kubectl ${version}`, { skip }, async (t) => {
        await checkCommands(t, rig, kubectl as Kubectl);
        await checkTerminal(t, rig, kubectl as Kubectl);
        await checkCopies(t, rig, kubectl as Kubectl);
        await checkAttach(t, rig, kubectl as Kubectl);
        await checkForwarding(t, rig, kubectl as Kubectl);
        await checkLogs(t, rig, kubectl as Kubectl);
      });
    }
    await t.test('kubectl top says what nodes and pods use', async (t) => {
      const kubectl = newest as Kubectl;
      const top = (...words: string[]) =>
        until(`top ${words.join(' ')}`, async () => {
          const { code, stdout } = await run(rig, kubectl, ['top', ...words]);
          return code === 0 ? stdout.toString() : null;
        });
      t.match(await top('node', 'n1'), /^NAME .*\nn1 +\d+m +\d+% +\d+Mi +\d+%/);
      t.match(await top('pod', 'web', '--containers'), /\nweb +app +\d+m +\d+Mi/);
      t.match(await top('pods', '-A', '--sum'), /\ndefault +web +\d+m/);
      const plain = await run(rig, kubectl, ['get', 'podmetrics', 'web', '-o', 'json']);
      t.match(JSON.parse(plain.stdout.toString()), {
        kind: 'PodMetrics',
        containers: [{ name: 'app' }, { name: 'talk' }],
      });
      const forbidden = await run(rig, kubectl, ['top', 'pods', '--as=nobody']);
      t.match(forbidden.stderr, /Forbidden.*User "nobody" cannot list resource "pods"/);
    });
  },
);
