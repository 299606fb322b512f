import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import type { Pod, PodSpec } from '../../../../src/control/api/gen/core-v1.js';
import { simulatedDefaults } from '../../../../src/control/kubelet/simulated/index.js';
import { behaviourOf } from '../../../../src/control/kubelet/simulated/pod/behaviour.js';
import { PodRun } from '../../../../src/control/kubelet/simulated/pod/pod-run.js';
import { phaseOf, podStatusOf } from '../../../../src/control/kubelet/simulated/pod/pod-status.js';

const startMs = Date.parse('2026-01-02T03:04:05Z');
const settings = { ...simulatedDefaults.pod, startMs: 1000, startJitter: 0, initMs: 500 };
const placement = { hostIp: '172.16.0.1', podIp: '10.1.0.1' };

function podOf(spec: PodSpec, annotations: Record<string, string> = {}): Pod {
  const own = Object.entries(annotations).map(([key, value]) => [
    `simulated.flotilla.dev/${key}`,
    value,
  ]);
  return {
    metadata: {
      name: 'web',
      namespace: 'default',
      uid: 'u-1',
      annotations: Object.fromEntries(own),
    },
    spec: { nodeName: 'node-0', ...spec },
  };
}

function runOf(pod: Pod, nowMs = startMs): PodRun {
  return new PodRun(pod, behaviourOf(pod, settings, new Prng(1)), nowMs);
}

/** `c:running/1+` is a container that runs after one restart and is ready. */
function describe(run: PodRun): string {
  const containers = [...run.inits, ...run.mains].map((each) => {
    const code = each.state === 'ended' ? `(${each.end?.exitCode})` : '';
    return `${each.plan.name}:${each.state}${code}/${each.restartCount}${each.isReady ? '+' : ''}`;
  });
  return [phaseOf(run), ...containers].join(' ');
}

/** What a run looks like after each time at which it has asked to be told the time. */
function timeline(run: PodRun, untilMs: number): string[] {
  const lines: string[] = [];
  let atMs: number | null = startMs;
  while (atMs !== null && atMs - startMs <= untilMs) {
    const next: number | null = run.advance(atMs);
    lines.push(`${atMs - startMs} ${describe(run)}`);
    if (next !== null && next <= atMs)
      throw new Error(`told to wait until ${next}, before ${atMs}`);
    atMs = next;
  }
  return lines;
}

const main = [{ name: 'c', image: 'i' }];
const cases: readonly {
  readonly name: string;
  readonly spec: PodSpec;
  readonly annotations?: Record<string, string>;
  readonly expected: readonly string[];
}[] = [
  {
    name: 'starts and stays',
    spec: { containers: main },
    expected: ['0 Pending c:waiting/0', '1000 Running c:running/0+'],
  },
  {
    name: 'is ready later',
    spec: { containers: main },
    annotations: { 'ready-ms': '300', 'start-ms': '0' },
    expected: ['0 Running c:running/0', '300 Running c:running/0+'],
  },
  {
    name: 'is held unready',
    spec: { containers: main },
    annotations: { ready: 'false', 'start-ms': '0' },
    expected: ['0 Running c:running/0'],
  },
  {
    name: 'ends well for good',
    spec: { containers: main, restartPolicy: 'Never' },
    annotations: { 'run-seconds': '2' },
    expected: ['0 Pending c:waiting/0', '1000 Running c:running/0+', '3000 Succeeded c:ended(0)/0'],
  },
  {
    name: 'fails for good',
    spec: { containers: main, restartPolicy: 'Never' },
    annotations: { 'run-seconds': '2', 'exit-code': '7' },
    expected: ['0 Pending c:waiting/0', '1000 Running c:running/0+', '3000 Failed c:ended(7)/0'],
  },
  {
    name: 'is restarted at once, then after doubling pauses',
    spec: { containers: main, restartPolicy: 'OnFailure' },
    annotations: { 'start-ms': '0', 'run-seconds': '1', 'exit-code': '1' },
    expected: [
      '0 Running c:running/0+',
      '1000 Running c:running/1+',
      '2000 Running c:waiting/1',
      '12000 Running c:running/2+',
      '13000 Running c:waiting/2',
      '33000 Running c:running/3+',
    ],
  },
  {
    name: 'a policy of the container comes before the one of the pod',
    spec: {
      containers: [...main, { name: 'd', image: 'i', restartPolicy: 'Always' }],
      restartPolicy: 'Never',
    },
    annotations: { 'start-ms': '0', 'run-seconds': '1' },
    expected: [
      '0 Running c:running/0+ d:running/0+',
      '1000 Running c:ended(0)/0 d:running/1+',
      '2000 Running c:ended(0)/0 d:waiting/1',
      '12000 Running c:ended(0)/0 d:running/2+',
      '13000 Running c:ended(0)/0 d:waiting/2',
      '33000 Running c:ended(0)/0 d:running/3+',
    ],
  },
  {
    name: 'init containers go one after the other, sidecars stay until the end',
    spec: {
      initContainers: [
        { name: 'a', image: 'i' },
        { name: 's', image: 'i', restartPolicy: 'Always' },
        { name: 'b', image: 'i' },
      ],
      containers: main,
      restartPolicy: 'Never',
    },
    annotations: { 'start-ms': '100', 'run-seconds': '1' },
    expected: [
      '0 Pending a:waiting/0 s:waiting/0 b:waiting/0 c:waiting/0',
      '100 Pending a:running/0+ s:waiting/0 b:waiting/0 c:waiting/0',
      '600 Pending a:ended(0)/0 s:waiting/0 b:waiting/0 c:waiting/0',
      '700 Pending a:ended(0)/0 s:running/0+ b:waiting/0 c:waiting/0',
      '800 Pending a:ended(0)/0 s:running/0+ b:running/0+ c:waiting/0',
      '1300 Pending a:ended(0)/0 s:running/0+ b:ended(0)/0 c:waiting/0',
      '1400 Running a:ended(0)/0 s:running/0+ b:ended(0)/0 c:running/0+',
      '2400 Succeeded a:ended(0)/0 s:ended(0)/0 b:ended(0)/0 c:ended(0)/0',
    ],
  },
  {
    name: 'is refused',
    spec: { containers: main },
    annotations: { fail: 'OutOfcpu' },
    expected: ['0 Failed c:waiting/0'],
  },
  {
    name: 'is over at its deadline',
    spec: { containers: main, activeDeadlineSeconds: 3 },
    expected: ['0 Pending c:waiting/0', '1000 Running c:running/0+', '3000 Failed c:ended(0)/0'],
  },
];

for (const { name, spec, annotations, expected } of cases) {
  t.test(`PodRun: a pod ${name}`, (t) => {
    t.same(timeline(runOf(podOf(spec, annotations)), 33_000), expected);
    t.end();
  });
}

t.test('PodRun: it goes on from a status as if it had never ended', (t) => {
  const pod = podOf(
    { containers: main, restartPolicy: 'OnFailure' },
    { 'run-seconds': '1', 'exit-code': '1', 'start-ms': '0' },
  );
  for (const untilMs of [0, 1000, 2000, 12_000, 13_000]) {
    const run = runOf(pod);
    timeline(run, untilMs);
    const nowMs = startMs + untilMs;
    const status = podStatusOf({ pod, run, placement, nowMs });
    const again = runOf({ ...pod, status }, nowMs);
    t.equal(
      again.advance(nowMs),
      run.advance(nowMs),
      `after ${untilMs} ms it asks for the same time`,
    );
    t.equal(describe(again), describe(run), `after ${untilMs} ms it looks the same`);
  }
  t.end();
});

t.test('PodRun: a deleted pod ends when told, within its grace period', (t) => {
  for (const [graceSeconds, expectedMs] of [
    [30, 100],
    [0, 0],
  ] as const) {
    const pod = podOf({ containers: main }, { 'start-ms': '0' });
    const run = runOf(pod);
    run.advance(startMs);
    run.stop(startMs, graceSeconds);
    t.notOk(run.isStopped, 'it runs still');
    if (expectedMs > 0) t.equal(run.advance(startMs), startMs + expectedMs, 'it ends then');
    t.equal(run.advance(startMs + expectedMs), null);
    t.ok(run.isStopped, 'it has ended');
    t.equal(describe(run), 'Succeeded c:ended(0)/0');
    t.same(
      run.news.map(({ news }) => news),
      ['started', 'killing'],
    );
  }
  t.end();
});

t.test('PodRun: a pod that is deleted before it has started never starts', (t) => {
  const run = runOf(podOf({ containers: main }));
  run.advance(startMs);
  run.stop(startMs, 30);
  t.ok(run.isStopped, 'nothing runs');
  t.equal(run.advance(startMs + 60_000), null);
  t.equal(describe(run), 'Failed c:waiting/0');
  t.end();
});

t.test('PodRun: a pod that was over stays as it was', (t) => {
  const run = runOf({ ...podOf({ containers: main }), status: { phase: 'Failed' } });
  t.equal(run.advance(startMs + 60_000), null);
  t.ok(run.isOver);
  t.end();
});
