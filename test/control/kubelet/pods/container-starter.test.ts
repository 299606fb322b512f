import t from 'tap';
import { BackOff } from '../../../../src/control/kubelet/pods/back-off.js';
import {
  ContainerStarter,
  type ContainerStarterParts,
  type StartPlace,
} from '../../../../src/control/kubelet/pods/container-starter.js';
import type { PlannedStart } from '../../../../src/control/kubelet/pods/plan.js';
import type { ContainerState } from '../../../../src/control/kubelet/runtime/container-runtime.js';
import { ManualClock } from '../../../store/manual-clock.js';

const pod = { metadata: { name: 'p', namespace: 'n', uid: 'u' } };

function state(attempt: number, changes: Partial<ContainerState>): ContainerState {
  return { name: 'c', attempt, finishedAtMs: 0, ...changes } as ContainerState;
}

t.test('ContainerStarter: who is killed again and again waits as who crashes', async (t) => {
  const clock = new ManualClock();
  const backOff = new BackOff(clock);
  const said: string[] = [];
  // Nothing is started: there is no image.
  const parts = {
    ...{ clock, backOff, files: {}, paths: {} },
    events: { event: (_: object, __: string, reason: string) => said.push(reason) },
    images: { ensure: () => Promise.reject(new TypeError('started')) },
  } as unknown as ContainerStarterParts;
  const starter = new ContainerStarter(parts);
  const container = { name: 'c', role: 'main', spec: { name: 'c' }, fieldPath: '' } as const;
  const start = (containers: readonly ContainerState[]) => {
    const [previous = null] = containers;
    const planned: PlannedStart = { container, attempt: containers.length, previous };
    const where = {
      ...{ pod, observed: { sandboxes: [], containers } },
      signal: new AbortController().signal,
    };
    return starter.start(planned, where as unknown as StartPlace);
  };
  const killed = state(0, { state: 'running' });
  await t.rejects(start([killed]), { message: 'started' }, 'the first time at once');
  const ended = state(0, { state: 'exited', finishedAtMs: clock.wallTime() });
  const next = state(1, { state: 'running' });
  await t.rejects(start([next, ended]), { message: 'started' }, 'the second time at once, too');
  await clock.advance(4000);
  const later = state(1, { state: 'exited', finishedAtMs: clock.wallTime() });
  await clock.advance(4000);
  const outcome = await start([state(2, { state: 'running' }), later, ended]);
  t.match(outcome, { kind: 'waiting', why: { reason: 'CrashLoopBackOff' }, retryMs: 6000 });
  t.same(said, ['BackOff']);
});
