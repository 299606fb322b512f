import t from 'tap';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { type ProbeFindings, planPod } from '../../../../src/control/kubelet/pods/plan.js';
import { observedOf, podOf } from './observed.js';

const app = { name: 'app', image: 'a:1' };
const two = [app, { name: 'log', image: 'b:1' }];
const init = { name: 'init', image: 'i:1' };
const side = { name: 'side', image: 's:1', restartPolicy: 'Always' };

/** What probes say: containers that are not started yet, or have failed, by id. */
const findings = (words: readonly string[]): ProbeFindings => ({
  hasFailedLiveness: (id) => words.includes(`liveness:${id}`),
  hasFailedStartup: (id) => words.includes(`startup:${id}`),
  isStarted: (id) => !words.includes(`starting:${id}`),
});

/** In words: `over`, or what is done in order. */
function wordsOf(pod: Pod, observed: readonly string[], probes: readonly string[] = []): string {
  const plan = planPod(pod, observedOf(pod, observed), findings(probes));
  if (plan.isOver) return 'over';
  return [
    ...plan.kills.map(({ state, cause }) => `kill ${state.id} (${cause})`),
    ...(plan.sandboxAttempt === null ? [] : [`sandbox ${plan.sandboxAttempt}`]),
    ...plan.starts.map(({ container, attempt }) => `start ${container.name} ${attempt}`),
  ].join(', ');
}

interface Row {
  readonly title: string;
  readonly spec: NonNullable<Pod['spec']>;
  readonly observed: readonly string[];
  readonly probes?: readonly string[];
  readonly plan: string;
}

const never = 'Never';
const onFailure = 'OnFailure';
const rows: readonly Row[] = [
  {
    title: 'a new pod',
    spec: { containers: two },
    observed: [],
    plan: 'sandbox 0, start app 0, start log 0',
  },
  {
    title: 'a sandbox and nothing in it',
    spec: { containers: two },
    observed: ['sandbox'],
    plan: 'start app 0, start log 0',
  },
  { title: 'all runs', spec: { containers: two }, observed: ['sandbox', 'app', 'log'], plan: '' },
  {
    title: 'one has ended, Always',
    spec: { containers: two },
    observed: ['sandbox', 'app:exited:0', 'log'],
    plan: 'start app 1',
  },
  {
    title: 'one has failed, OnFailure',
    spec: { containers: two, restartPolicy: onFailure },
    observed: ['sandbox', 'app:exited:1', 'log'],
    plan: 'start app 1',
  },
  {
    title: 'one has succeeded, OnFailure',
    spec: { containers: two, restartPolicy: onFailure },
    observed: ['sandbox', 'app:exited:0', 'log'],
    plan: '',
  },
  {
    title: 'all have succeeded, OnFailure',
    spec: { containers: two, restartPolicy: onFailure },
    observed: ['sandbox', 'app:exited:0', 'log:exited:0'],
    plan: 'over',
  },
  {
    title: 'all have ended, Never',
    spec: { containers: two, restartPolicy: never },
    observed: ['sandbox', 'app:exited:1', 'log:exited:0'],
    plan: 'over',
  },
  {
    title: 'attempts count on',
    spec: { containers: [app] },
    observed: ['sandbox', 'app:0:exited:1', 'app:1:exited:1'],
    plan: 'start app 2',
  },
  {
    title: 'the sandbox is down, Always',
    spec: { containers: [app] },
    observed: ['sandbox:0:down', 'app:exited:137'],
    plan: 'sandbox 1, start app 1',
  },
  {
    title: 'the sandbox is down, Never, and it had begun',
    spec: { containers: [app], restartPolicy: never },
    observed: ['sandbox:0:down', 'app:exited:137'],
    plan: 'over',
  },
  {
    title: 'the sandbox is down, Never, and nothing had begun',
    spec: { containers: [app], restartPolicy: never },
    observed: ['sandbox:0:down'],
    plan: 'sandbox 1, start app 0',
  },
  {
    title: 'the sandbox is down, OnFailure: what has succeeded stays so',
    spec: { containers: two, restartPolicy: onFailure },
    observed: ['sandbox:0:down', 'app:exited:0', 'log:exited:137'],
    plan: 'sandbox 1, start log 1',
  },
  {
    title: 'two sandboxes are up',
    spec: { containers: [app] },
    observed: ['sandbox:0', 'app', 'sandbox:1'],
    plan: 'sandbox 2, start app 1',
  },
  {
    title: 'made and never started',
    spec: { containers: [app] },
    observed: ['sandbox', 'app:created'],
    plan: 'kill app-0 (unknown), start app 1',
  },
  {
    title: 'liveness has failed, Always',
    spec: { containers: [app] },
    observed: ['sandbox', 'app'],
    probes: ['liveness:app-0'],
    plan: 'kill app-0 (liveness), start app 1',
  },
  {
    title: 'liveness has failed, OnFailure',
    spec: { containers: two, restartPolicy: onFailure },
    observed: ['sandbox', 'app', 'log'],
    probes: ['liveness:app-0'],
    plan: 'kill app-0 (liveness), start app 1',
  },
  {
    title: 'startup has failed, Never',
    spec: { containers: two, restartPolicy: never },
    observed: ['sandbox', 'app', 'log'],
    probes: ['startup:app-0'],
    plan: 'kill app-0 (startup)',
  },
  {
    title: 'init containers first',
    spec: { containers: two, initContainers: [init] },
    observed: [],
    plan: 'sandbox 0, start init 0',
  },
  {
    title: 'an init container runs',
    spec: { containers: two, initContainers: [init] },
    observed: ['sandbox', 'init'],
    plan: '',
  },
  {
    title: 'an init container is done',
    spec: { containers: two, initContainers: [init] },
    observed: ['sandbox', 'init:exited:0'],
    plan: 'start app 0, start log 0',
  },
  {
    title: 'an init container has failed',
    spec: { containers: two, initContainers: [init] },
    observed: ['sandbox', 'init:exited:1'],
    plan: 'start init 1',
  },
  {
    title: 'an init container has failed, Never',
    spec: { containers: two, initContainers: [init], restartPolicy: never },
    observed: ['sandbox', 'init:exited:1'],
    plan: 'over',
  },
  {
    title: 'init containers are not run again once main ones have begun',
    spec: { containers: two, initContainers: [init] },
    observed: ['sandbox', 'app:exited:1', 'log'],
    plan: 'start app 1',
  },
  {
    title: 'init containers run again in a new sandbox',
    spec: { containers: [app], initContainers: [init] },
    observed: ['sandbox:0:down', 'init:exited:0', 'app:exited:137'],
    plan: 'sandbox 1, start init 1',
  },
  {
    title: 'a sidecar before the others',
    spec: { containers: [app], initContainers: [side] },
    observed: ['sandbox'],
    plan: 'start side 0',
  },
  {
    title: 'a sidecar that is starting holds the others up',
    spec: { containers: [app], initContainers: [side] },
    observed: ['sandbox', 'side'],
    probes: ['starting:side-0'],
    plan: '',
  },
  {
    title: 'a sidecar that has started does not',
    spec: { containers: [app], initContainers: [side] },
    observed: ['sandbox', 'side'],
    plan: 'start app 0',
  },
  {
    title: 'a sidecar that ended is started again beside the others',
    spec: { containers: [app], initContainers: [side], restartPolicy: never },
    observed: ['sandbox', 'side:exited:0', 'app'],
    plan: 'start side 1',
  },
  {
    title: 'a sidecar does not keep a pod alive',
    spec: { containers: [app], initContainers: [side], restartPolicy: never },
    observed: ['sandbox', 'side', 'app:exited:0'],
    plan: 'over',
  },
  {
    title: 'an ephemeral container',
    spec: { containers: [app], ephemeralContainers: [{ name: 'debug', image: 'd' }] },
    observed: ['sandbox', 'app'],
    plan: 'start debug 0',
  },
  {
    title: 'an ephemeral container that ended',
    spec: { containers: [app], ephemeralContainers: [{ name: 'debug', image: 'd' }] },
    observed: ['sandbox', 'app', 'debug:exited:1'],
    plan: '',
  },
];

for (const { title, spec, observed, probes = [], plan } of rows) {
  t.test(`planPod: ${title}`, async (t) => {
    t.equal(wordsOf(podOf(spec), observed, probes), plan);
  });
}

t.test('planPod: a container of another image is replaced', async (t) => {
  const before = podOf({ containers: [app] });
  const after = podOf({ containers: [{ ...app, image: 'a:2' }] });
  const plan = planPod(after, observedOf(before, ['sandbox', 'app']), findings([]));
  t.same(
    plan.kills.map(({ message }) => message),
    ['Container app definition changed, will be restarted'],
  );
  t.same(
    plan.starts.map(({ attempt }) => attempt),
    [1],
  );
});
