import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import type { Pod, PodSpec, PodStatus } from '../../../../src/control/api/gen/core-v1.js';
import { simulatedDefaults } from '../../../../src/control/kubelet/simulated/index.js';
import { behaviourOf } from '../../../../src/control/kubelet/simulated/pod/behaviour.js';
import { PodRun } from '../../../../src/control/kubelet/simulated/pod/pod-run.js';
import {
  podStatusOf,
  podStatusPatch,
} from '../../../../src/control/kubelet/simulated/pod/pod-status.js';

const startMs = Date.parse('2026-01-02T03:04:05Z');
const settings = { ...simulatedDefaults.pod, startMs: 0, startJitter: 0 };
const placement = { hostIp: '172.16.0.1', podIp: '10.1.0.1' };

function statusAfter(
  spec: PodSpec,
  annotations: Record<string, string>,
  ms: number,
  status: PodStatus = {},
): PodStatus {
  const prefixed = Object.entries(annotations).map(([key, value]) => [
    `simulated.flotilla.dev/${key}`,
    value,
  ]);
  const metadata = { name: 'web', namespace: 'ns', uid: 'u-1', generation: 2 };
  const pod: Pod = {
    metadata: { ...metadata, annotations: Object.fromEntries(prefixed) },
    spec,
    status,
  };
  const run = new PodRun(pod, behaviourOf(pod, settings, new Prng(1)), startMs);
  let atMs: number | null = startMs;
  while (atMs !== null && atMs <= startMs + ms) atMs = run.advance(atMs);
  return podStatusOf({ pod, run, placement, nowMs: startMs + ms });
}

/** `Ready=False ContainersNotReady (containers with unready status: [c])` */
function conditionsOf({ conditions = [] }: PodStatus): string[] {
  return conditions.map(({ type, status, reason, message }) =>
    [`${type}=${status}`, reason, message === undefined ? undefined : `(${message})`]
      .filter((word) => word !== undefined)
      .join(' '),
  );
}

const containers = [{ name: 'c', image: 'i' }];
const unready = 'ContainersNotReady (containers with unready status: [c])';
const cases: readonly {
  readonly name: string;
  readonly spec: PodSpec;
  readonly annotations: Record<string, string>;
  readonly ms: number;
  readonly conditions: readonly string[];
}[] = [
  {
    name: 'waits to start',
    spec: { containers },
    annotations: { 'start-ms': '500' },
    ms: 0,
    conditions: [
      'PodReadyToStartContainers=False',
      'Initialized=True',
      `Ready=False ${unready}`,
      `ContainersReady=False ${unready}`,
      'PodScheduled=True',
    ],
  },
  {
    name: 'is ready',
    spec: { containers },
    annotations: {},
    ms: 0,
    conditions: [
      'PodReadyToStartContainers=True',
      'Initialized=True',
      'Ready=True',
      'ContainersReady=True',
      'PodScheduled=True',
    ],
  },
  {
    name: 'has a closed gate',
    spec: { containers, readinessGates: [{ conditionType: 'example.com/open' }] },
    annotations: {},
    ms: 0,
    conditions: [
      'PodReadyToStartContainers=True',
      'Initialized=True',
      'Ready=False ReadinessGatesNotReady (corresponding condition of pod readiness gate "example.com/open" does not exist.)',
      'ContainersReady=True',
      'PodScheduled=True',
    ],
  },
  {
    name: 'initializes',
    spec: { initContainers: [{ name: 'a', image: 'i' }], containers },
    annotations: {},
    ms: 0,
    conditions: [
      'PodReadyToStartContainers=True',
      'Initialized=False ContainersNotInitialized (containers with incomplete status: [a])',
      `Ready=False ${unready}`,
      `ContainersReady=False ${unready}`,
      'PodScheduled=True',
    ],
  },
  {
    name: 'has ended well',
    spec: { containers, restartPolicy: 'Never' },
    annotations: { 'run-seconds': '1' },
    ms: 1000,
    conditions: [
      'PodReadyToStartContainers=False',
      'Initialized=True PodCompleted',
      'Ready=False PodCompleted',
      'ContainersReady=False PodCompleted',
      'PodScheduled=True',
    ],
  },
  {
    name: 'has failed',
    spec: { containers, restartPolicy: 'Never' },
    annotations: { 'run-seconds': '1', 'exit-code': '1' },
    ms: 1000,
    conditions: [
      'PodReadyToStartContainers=False',
      'Initialized=True',
      'Ready=False PodFailed',
      'ContainersReady=False PodFailed',
      'PodScheduled=True',
    ],
  },
];

for (const { name, spec, annotations, ms, conditions } of cases) {
  t.test(`podStatusOf: conditions of a pod that ${name}`, (t) => {
    t.same(conditionsOf(statusAfter(spec, annotations, ms)), conditions);
    t.end();
  });
}

t.test('podStatusOf: a container that crashes again waits, with its last end', (t) => {
  const annotations = { 'run-seconds': '1', 'exit-code': '3' };
  const [status] = statusAfter({ containers }, annotations, 2000).containerStatuses ?? [];
  t.same(status, {
    name: 'c',
    state: {
      waiting: {
        reason: 'CrashLoopBackOff',
        message: 'back-off 10s restarting failed container=c pod=web_ns(u-1)',
      },
    },
    lastState: {
      terminated: {
        exitCode: 3,
        reason: 'Error',
        startedAt: '2026-01-02T03:04:06Z',
        finishedAt: '2026-01-02T03:04:07Z',
        containerID: 'simulated://u-1-c-1',
      },
    },
    ready: false,
    restartCount: 1,
    image: 'i',
    imageID: 'i',
    containerID: 'simulated://u-1-c-1',
    started: false,
  });
  t.end();
});

t.test('podStatusOf: a condition keeps the time since which it is what it is', (t) => {
  const since = '2026-01-01T00:00:00Z';
  const before = {
    conditions: [
      { type: 'PodScheduled', status: 'True', lastTransitionTime: since },
      { type: 'Ready', status: 'False', lastTransitionTime: since },
    ],
  };
  const { conditions = [] } = statusAfter({ containers }, {}, 0, before);
  const timeOf = (type: string) =>
    conditions.find((each) => each.type === type)?.lastTransitionTime;
  t.equal(timeOf('PodScheduled'), since);
  t.equal(timeOf('Ready'), '2026-01-02T03:04:05Z');
  t.same(new Set(conditions.map((each) => each.observedGeneration)), new Set([2]));
  t.end();
});

t.test('podStatusPatch: what a condition said before and does not say now is taken away', (t) => {
  const pod = {
    metadata: { uid: 'u-1' },
    status: { conditions: [{ type: 'Ready', status: 'False', reason: 'Old', message: 'old' }] },
  };
  t.same(podStatusPatch(pod, { conditions: [{ type: 'Ready', status: 'True' }] }), {
    metadata: { uid: 'u-1' },
    status: { conditions: [{ type: 'Ready', status: 'True', reason: null, message: null }] },
  });
  t.end();
});
