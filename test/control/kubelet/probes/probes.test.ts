import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import type { Probe } from '../../../../src/control/api/gen/core-v1.js';
import { NodeProber } from '../../../../src/control/kubelet/probes/node-prober.js';
import { type ProbeKind, ProbeRun } from '../../../../src/control/kubelet/probes/probe-run.js';
import type { ProbeAnswer } from '../../../../src/control/kubelet/probes/prober.js';
import { RuntimeError } from '../../../../src/control/kubelet/runtime/runtime-error.js';
import { hostClock } from '../../../../src/host/clock.js';
import { WebClient } from '../../../../src/rpc/index.js';
import { ManualClock } from '../../../store/manual-clock.js';
import { MemoryRuntime } from '../memory-runtime.js';

/** `+`, `-` and `?`: a success, a failure, nothing found out. In the verdicts: after so many seconds it is well or not. */
const runs: readonly (readonly [
  ProbeKind,
  Probe,
  answers: string,
  verdicts: string,
  left: number,
])[] = [
  ['Readiness', {}, '+++', '0 well', 0],
  ['Readiness', { successThreshold: 2 }, '+-++', '30 well', 0],
  ['Readiness', { failureThreshold: 2, periodSeconds: 1 }, '+-+--+', '0 well, 4 unwell, 5 well', 0],
  ['Readiness', { initialDelaySeconds: 7 }, '+', '7 well', 0],
  ['Liveness', {}, '++--+', '', 0],
  ['Liveness', { periodSeconds: 5 }, '+---+', '15 unwell', 1],
  ['Liveness', { failureThreshold: 1 }, '??-', '20 unwell', 0],
  ['Startup', { failureThreshold: 3 }, '--+---', '20 well', 3],
  ['Startup', { failureThreshold: 2 }, '--+', '10 unwell', 1],
];
for (const [kind, probe, answers, verdicts, left] of runs) {
  t.test(`ProbeRun: ${kind} ${JSON.stringify(probe)} answered ${answers}`, async (t) => {
    const clock = new ManualClock();
    const beganMs = clock.now();
    const queue = [...answers];
    const seen: string[] = [];
    const run = new ProbeRun({
      ...{ clock, probe, kind, startedAtMs: clock.wallTime(), isDue: () => queue.length > 0 },
      ask: async () => {
        const results = { '+': 'success', '-': 'failure', '?': 'unknown' } as const;
        return { result: results[queue.shift() as '+'], output: '' };
      },
      onAnswer: () => {},
      onVerdict: (isWell) =>
        seen.push(`${(clock.now() - beganMs) / 1000} ${isWell ? 'well' : 'unwell'}`),
    });
    await clock.advance(100_000);
    run.stop();
    t.equal(seen.join(', '), verdicts);
    t.equal(queue.length, left, 'it is not asked any more once that is of no use');
    t.equal(clock.timerCount, 0);
  });
}

const target = {
  ...{ pod: { metadata: {} }, containerId: 'c', ports: [{ name: 'web', containerPort: 1 }] },
  host: '127.0.0.1',
};

async function withServer(handler: RequestListener) {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

t.test('NodeProber: asks over HTTP', async (t) => {
  const web = new WebClient({ clock: hostClock });
  const prober = new NodeProber(new MemoryRuntime(() => 0), web, hostClock);
  const heard: Record<string, string | string[] | undefined>[] = [];
  const server = await withServer((request, response) => {
    heard.push(request.headers);
    const [, status = '', location] = /^\/(\w+)(?:\?to=(.*))?$/.exec(request.url ?? '') ?? [];
    if (status === 'never') return;
    const code = Number(status) || 200;
    response.writeHead(code, location === undefined ? {} : { location });
    response.end('said');
  });
  t.teardown(async () => {
    web.close();
    await server.close();
  });
  const { port } = server;
  const rows: readonly (readonly [string, ProbeAnswer | RegExp])[] = [
    ['/200', { result: 'success', output: 'said' }],
    ['204', { result: 'success', output: '' }],
    ['/399', { result: 'success', output: 'said' }],
    ['/400', { result: 'failure', output: 'HTTP probe failed with statuscode: 400' }],
    ['/503', { result: 'failure', output: 'HTTP probe failed with statuscode: 503' }],
    ['/302?to=/200', { result: 'success', output: 'said' }],
    ['/302?to=/500', { result: 'failure', output: 'HTTP probe failed with statuscode: 500' }],
    ['/302?to=http://elsewhere.invalid/', { result: 'success', output: 'said' }],
    ['/never', /Client\.Timeout exceeded while awaiting headers/],
  ];
  for (const [path, expected] of rows) {
    const timeoutMs = path === '/never' ? 100 : 30_000;
    const answer = await prober.probe(target, { httpGet: { path, port } }, timeoutMs);
    if (expected instanceof RegExp) t.match(answer, { result: 'failure', output: expected }, path);
    else t.same(answer, expected, path);
  }
  t.match(heard[0], { 'user-agent': /^kube-probe\//, accept: '*/*' });

  const httpHeaders = [
    { name: 'User-Agent', value: 'me' },
    { name: 'Accept', value: '' },
  ];
  await prober.probe(target, { httpGet: { port, httpHeaders } }, 30_000);
  t.match(heard.at(-1), { 'user-agent': 'me', accept: undefined });
  t.match(await prober.probe(target, { httpGet: { port: 'none' } }, 1000), { result: 'unknown' });
});

t.test('NodeProber: connects over TCP, and says when nobody is there', async (t) => {
  const web = new WebClient({ clock: hostClock });
  t.teardown(() => web.close());
  const prober = new NodeProber(new MemoryRuntime(() => 0), web, hostClock);
  const server = await withServer(() => {});
  const { port } = server;
  t.match(await prober.probe(target, { tcpSocket: { port } }, 30_000), { result: 'success' });
  await server.close();
  // Nobody is there, nor comes: others may get the port that was given back.
  const closed = 1;
  for (const probe of [{ tcpSocket: { port: closed } }, { httpGet: { port: closed } }]) {
    const answer = await prober.probe(target, probe, 30_000);
    t.equal(answer.result, 'failure');
    t.match(answer.output, `dial tcp 127.0.0.1:${closed}: connect: connection refused`);
  }
});

t.test('NodeProber: runs commands in the container', async (t) => {
  const runtime = new MemoryRuntime(() => 0);
  const web = new WebClient({ clock: hostClock });
  t.teardown(() => web.close());
  const prober = new NodeProber(runtime, web, hostClock);
  const probe = { exec: { command: ['look'] } };
  const bytes = (text: string) => new TextEncoder().encode(text);
  const answers: readonly (readonly [() => Promise<never> | number, ProbeAnswer | object])[] = [
    [() => 0, { result: 'success', output: 'outerr' }],
    [() => 3, { result: 'failure', output: 'outerr' }],
    [
      () => Promise.reject(new RuntimeError('timeout', 'slow')),
      { result: 'failure', output: 'command timed out: "look" timed out after 1s' },
    ],
    [
      () => Promise.reject(new RuntimeError('unreachable', 'away')),
      { result: 'unknown', output: 'away' },
    ],
  ];
  for (const [run, expected] of answers) {
    runtime.execSync = async () => ({
      ...{ exitCode: await run(), stdout: bytes('out'), stderr: bytes('err') },
    });
    t.same(await prober.probe(target, probe, 1000), expected);
  }
});
