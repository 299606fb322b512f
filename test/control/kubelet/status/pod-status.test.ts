import t from 'tap';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { type PodFacts, podStatus } from '../../../../src/control/kubelet/status/pod-status.js';
import { statusPatch } from '../../../../src/control/kubelet/status/status-patch.js';
import { observedOf, podOf } from '../pods/observed.js';

const app = { name: 'app', image: 'a:1' };
const init = { name: 'init', image: 'i:1' };

function statusOf(pod: Pod, observed: readonly string[], more: Partial<PodFacts> = {}) {
  return podStatus({
    ...{ pod, observed: observedOf(pod, observed), waiting: new Map(), messages: new Map() },
    ...{ runtimeName: 'test', isStarted: () => true, isReady: () => true, isOver: false },
    ...{ hostIps: ['192.0.2.1'], nowMs: 10_000, startedAtMs: 500, failure: null },
    ...{ otherConditions: [], ...more },
  });
}

const rows: readonly (readonly [
  title: string,
  spec: NonNullable<Pod['spec']>,
  observed: readonly string[],
  isOver: boolean,
  phase: string,
])[] = [
  ['nothing is there', { containers: [app] }, [], false, 'Pending'],
  ['it runs', { containers: [app] }, ['sandbox', 'app'], false, 'Running'],
  [
    'init runs',
    { containers: [app], initContainers: [init] },
    ['sandbox', 'init'],
    false,
    'Pending',
  ],
  [
    'init failed',
    { containers: [app], initContainers: [init], restartPolicy: 'Never' },
    ['sandbox', 'init:exited:1'],
    false,
    'Failed',
  ],
  [
    'init failed and is tried again',
    { containers: [app], initContainers: [init] },
    ['sandbox', 'init:exited:1'],
    false,
    'Pending',
  ],
  ['ended, and starts again', { containers: [app] }, ['sandbox', 'app:exited:1'], false, 'Running'],
  [
    'succeeded',
    { containers: [app], restartPolicy: 'OnFailure' },
    ['sandbox', 'app:exited:0'],
    false,
    'Succeeded',
  ],
  [
    'failed',
    { containers: [app], restartPolicy: 'Never' },
    ['sandbox', 'app:exited:1'],
    false,
    'Failed',
  ],
  ['stopped well', { containers: [app] }, ['sandbox:0:down', 'app:exited:0'], true, 'Succeeded'],
  [
    'stopped by a signal',
    { containers: [app] },
    ['sandbox:0:down', 'app:exited:143'],
    true,
    'Failed',
  ],
];

for (const [title, spec, observed, isOver, phase] of rows) {
  t.test(`podStatus: ${title}: ${phase}`, async (t) => {
    t.equal(statusOf(podOf(spec), observed, { isOver }).phase, phase);
  });
}

t.test('podStatus: nobody is told of an end while something runs', async (t) => {
  const pod = podOf({ containers: [app] }, { phase: 'Running' });
  const failure = { reason: 'Evicted', message: 'low' };
  t.equal(statusOf(pod, ['sandbox', 'app'], { failure }).phase, 'Running');
  const after = statusOf(pod, ['sandbox:0:down', 'app:exited:137'], { failure, isOver: true });
  t.match(after, { phase: 'Failed', reason: 'Evicted', message: 'low' });
});

t.test('podStatus: a container that waits shows why, and how it ended before', async (t) => {
  const waiting = new Map([['app', { reason: 'CrashLoopBackOff', message: 'back-off 10s' }]]);
  const messages = new Map([['app-0', 'out of cheese']]);
  const status = statusOf(podOf({ containers: [app] }), ['sandbox', 'app:exited:3'], {
    waiting,
    messages,
  });
  t.match(status.containerStatuses?.[0], {
    state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } },
    lastState: { terminated: { exitCode: 3, reason: 'Error', message: 'out of cheese' } },
    restartCount: 0,
    ready: false,
  });
});

t.test(
  'podStatus: conditions say what is missing, and keep the time of their change',
  async (t) => {
    const pod = podOf(
      { containers: [app], readinessGates: [{ conditionType: 'x/y' }] },
      {
        conditions: [
          { type: 'ContainersReady', status: 'True', lastTransitionTime: '2020-01-01T00:00:00Z' },
        ],
      },
    );
    const { conditions = [] } = statusOf(pod, ['sandbox', 'app']);
    const of = (type: string) => conditions.find((each) => each.type === type);
    t.match(of('ContainersReady'), { status: 'True', lastTransitionTime: '2020-01-01T00:00:00Z' });
    t.match(of('Ready'), {
      status: 'False',
      reason: 'ReadinessGatesNotReady',
      message: 'corresponding condition of pod readiness gate "x/y" does not exist.',
    });
    const unready = statusOf(pod, ['sandbox', 'app'], { isReady: () => false });
    t.match(
      unready.conditions?.find(({ type }) => type === 'Ready'),
      {
        reason: 'ContainersNotReady',
        message: 'containers with unready status: [app]',
      },
    );
  },
);

t.test(
  'statusPatch: the same status is not written again, and lists of addresses are replaced',
  async (t) => {
    const pod = podOf({ containers: [app] });
    const status = statusOf(pod, ['sandbox', 'app']);
    t.equal(statusPatch({ ...pod, status }, status), null);
    const patch = statusPatch(
      { ...pod, status: { ...status, podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }] } },
      status,
    );
    t.same(patch, {
      metadata: { uid: 'u1' },
      status: { podIP: '10.0.0.9', podIPs: [{ ip: '10.0.0.9' }, { $patch: 'replace' }] },
    });
  },
);
