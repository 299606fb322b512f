import t from 'tap';
import type { ClusterEvent } from '../../../../src/control/scheduler/framework/cluster-event.js';
import type { Plugin } from '../../../../src/control/scheduler/framework/plugin.js';
import { podInfoOf } from '../../../../src/control/scheduler/framework/pod-info.js';
import { EventInterests } from '../../../../src/control/scheduler/queue/event-interests.js';
import { SchedulingQueue } from '../../../../src/control/scheduler/queue/scheduling-queue.js';
import { ManualClock } from '../../../store/manual-clock.js';
import { nodeOf, podOf } from '../objects.js';

const nodeAdd: ClusterEvent = { resource: 'Node', action: 'add', before: null, after: nodeOf('n') };
const podGone: ClusterEvent = {
  ...{ resource: 'AssignedPod', action: 'delete', after: null },
  before: podOf('gone'),
};

/** Wants nodes; wants to hear of pods, and says that none helps. */
const fit: Plugin = {
  name: 'Fit',
  eventsToRegister: () => [
    { resource: 'Node', actions: ['add'] },
    { resource: 'AssignedPod', actions: ['delete'], hint: () => 'skip' },
  ],
};
const waiter: Plugin = {
  name: 'Waiter',
  eventsToRegister: () => [{ resource: 'PersistentVolume', actions: ['add'] }],
};

function queueOf(gates: { gate: string | null } = { gate: null }) {
  const clock = new ManualClock();
  let active = 0;
  const gate: Plugin = {
    name: 'Gate',
    eventsToRegister: () => [
      { resource: 'UnscheduledPod', actions: ['update-pod-scheduling-gates-eliminated'] },
    ],
  };
  const interests = new EventInterests([fit, waiter, gate]);
  const queue = new SchedulingQueue({
    clock,
    less: (a, b) => b.info.priority - a.info.priority,
    profiles: new Map([['default-scheduler', { interests, gateOf: () => gates.gate }]]),
    ...{ initialBackoffMs: 1000, maxBackoffMs: 10_000 },
    onActive: () => {
      active++;
    },
  });
  queue.open();
  t.teardown(() => queue.close());
  return { clock, queue, wakes: () => active };
}

function infoOf(name: string, priority = 0) {
  return podInfoOf(podOf(name, { priority, metadata: { uid: `uid-${name}` } }));
}

const refusedBy = (name: string) => ({ refusedBy: new Set([name]), waitsFor: new Set<string>() });
const failed = { refusedBy: new Set<string>(), waitsFor: new Set<string>() };

t.test('SchedulingQueue gives the pod with the highest priority, each once', (t) => {
  const { queue, wakes } = queueOf();
  for (const [name, priority] of Object.entries({ low: 0, high: 10, mid: 5 }))
    queue.add(infoOf(name, priority));
  queue.add(infoOf('mid', 5));
  const names = ['high', 'mid', 'low'].map(() => queue.pop()?.pod.metadata.name);
  t.same(names, ['high', 'mid', 'low']);
  t.equal(queue.pop(), null);
  t.equal(wakes(), 3);
  t.end();
});

t.test(
  'SchedulingQueue keeps a refused pod until something helps, then lets it pause',
  async (t) => {
    const { queue, clock } = queueOf();
    queue.add(infoOf('a'));
    queue.putBack(queue.pop() as never, refusedBy('Fit'));
    queue.onEvent(podGone);
    t.match(queue.counts, { unschedulable: 1, backoff: 0, active: 0 }, 'a hint says no');
    queue.onEvent(nodeAdd);
    t.match(queue.counts, { unschedulable: 0, backoff: 1, active: 0 });
    await clock.advance(999);
    t.equal(queue.counts.backoff, 1);
    await clock.advance(1);
    t.match(queue.counts, { backoff: 0, active: 1 });
  },
);

t.test('SchedulingQueue tries a refused pod in its pause when there is nothing else', (t) => {
  const { queue } = queueOf();
  queue.add(infoOf('a'));
  queue.putBack(queue.pop() as never, refusedBy('Fit'));
  queue.onEvent(nodeAdd);
  t.equal(queue.pop()?.pod.metadata.name, 'a');
  t.end();
});

t.test('SchedulingQueue lets pods pause after errors: 1 s, doubling, 10 s at most', async (t) => {
  const { queue, clock } = queueOf();
  queue.add(infoOf('a'));
  for (const pauseMs of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
    queue.putBack(queue.pop() as never, failed);
    t.equal(queue.pop(), null, 'not early');
    await clock.advance(pauseMs - 1);
    t.equal(queue.counts.active, 0, `${pauseMs}`);
    await clock.advance(1);
    t.equal(queue.counts.active, 1, `${pauseMs}`);
  }
});

t.test('SchedulingQueue does not lose what happens while a pod is looked at', (t) => {
  const { queue } = queueOf();
  queue.add(infoOf('a'));
  const entry = queue.pop();
  queue.onEvent(nodeAdd);
  queue.putBack(entry as never, refusedBy('Fit'));
  t.match(queue.counts, { unschedulable: 0, backoff: 1 });
  queue.add(infoOf('b'));
  const other = queue.pop();
  t.equal(other?.pod.metadata.name, 'b', 'what came before it began is not counted');
  queue.putBack(other as never, refusedBy('Fit'));
  t.match(queue.counts, { unschedulable: 1, backoff: 1 });
  t.end();
});

t.test('SchedulingQueue brings pods back at once that wait for what happens', (t) => {
  const { queue } = queueOf();
  queue.add(infoOf('a'));
  const waits = { refusedBy: new Set<string>(), waitsFor: new Set(['Waiter']) };
  queue.putBack(queue.pop() as never, waits);
  queue.onEvent({ resource: 'PersistentVolume', action: 'add', before: null, after: null });
  t.match(queue.counts, { active: 1, backoff: 0 });
  t.end();
});

t.test(
  'SchedulingQueue tries a pod again after five minutes that nothing has helped',
  async (t) => {
    const { queue, clock } = queueOf();
    queue.add(infoOf('a'));
    queue.putBack(queue.pop() as never, refusedBy('Fit'));
    await clock.advance(299_000);
    t.equal(queue.counts.unschedulable, 1);
    await clock.advance(31_000);
    t.equal(queue.counts.active, 1);
  },
);

t.test('SchedulingQueue holds a pod back as long as a plugin wants it', (t) => {
  const gates: { gate: string | null } = { gate: 'Gate' };
  const { queue } = queueOf(gates);
  const info = infoOf('a');
  queue.add(info);
  t.match(queue.counts, { gated: 1, active: 0 });
  queue.onEvent(nodeAdd);
  queue.activate([info.uid]);
  t.match(queue.counts, { gated: 1, active: 0 });
  const change: ClusterEvent = {
    ...{ resource: 'UnscheduledPod', action: 'update-pod-scheduling-gates-eliminated' },
    ...{ before: info.pod, after: info.pod },
  };
  queue.update(info, [change]);
  t.match(queue.counts, { gated: 1 }, 'the plugin still says no');
  gates.gate = null;
  queue.update(info, [change]);
  t.match(queue.counts, { gated: 0, active: 1 });
  t.end();
});

t.test('SchedulingQueue forgets a pod that is deleted wherever it is', async (t) => {
  const { queue, clock } = queueOf();
  const info = infoOf('a');
  queue.add(info);
  queue.delete(info.uid);
  t.equal(queue.pop(), null);
  queue.add(info);
  const entry = queue.pop();
  queue.delete(info.uid);
  queue.putBack(entry as never, refusedBy('Fit'));
  queue.add(info);
  queue.putBack(queue.pop() as never, failed);
  queue.delete(info.uid);
  await clock.advance(400_000);
  t.same(queue.counts, { active: 0, backoff: 0, unschedulable: 0, gated: 0 });
});
