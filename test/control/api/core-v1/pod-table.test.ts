import t from 'tap';
import type {
  ContainerStatus,
  Pod,
  PodSpec,
  PodStatus,
} from '../../../../src/control/api/gen/core-v1.js';
import { cellsOf, kindOf, podOf } from './fixtures.js';

interface Case {
  readonly name: string;
  readonly spec?: PodSpec;
  readonly status?: PodStatus;
  readonly deleted?: boolean;
  /** Ready, status, restarts. */
  readonly cells: readonly [string, string, string];
}

const running: ContainerStatus = { name: 'c', ready: true, state: { running: {} } };
const done = { terminated: { exitCode: 0, reason: 'Completed' } };
const initContainers = [
  { name: 'i1', image: 'i' },
  { name: 'i2', image: 'i' },
];
const sidecar = { name: 's', image: 'i', restartPolicy: 'Always' };
const ready = [{ type: 'Ready', status: 'True' }];

const cases: readonly Case[] = [
  { name: 'a new pod', cells: ['0/1', '', '0'] },
  { name: 'a pod that waits', status: { phase: 'Pending' }, cells: ['0/1', 'Pending', '0'] },
  {
    name: 'a gated pod',
    status: {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
    },
    cells: ['0/1', 'SchedulingGated', '0'],
  },
  {
    name: 'a pod that runs',
    status: { phase: 'Running', containerStatuses: [running] },
    cells: ['1/1', 'Running', '0'],
  },
  {
    name: 'a reason of the pod',
    status: { phase: 'Failed', reason: 'Evicted' },
    cells: ['0/1', 'Evicted', '0'],
  },
  {
    name: 'restarts, and how long ago the last was',
    status: {
      phase: 'Running',
      containerStatuses: [
        {
          ...running,
          restartCount: 3,
          lastState: { terminated: { finishedAt: '2025-12-31T23:55:00Z' } },
        },
      ],
    },
    cells: ['1/1', 'Running', '3 (5m ago)'],
  },
  {
    name: 'restarts of which nobody knows when',
    status: { phase: 'Running', containerStatuses: [{ ...running, restartCount: 2 }] },
    cells: ['1/1', 'Running', '2'],
  },
  {
    name: 'a container that crashes',
    status: {
      phase: 'Running',
      containerStatuses: [
        { name: 'c', restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } } },
      ],
    },
    cells: ['0/1', 'CrashLoopBackOff', '1'],
  },
  {
    name: 'a container that was killed',
    status: {
      phase: 'Failed',
      containerStatuses: [{ name: 'c', state: { terminated: { signal: 9, exitCode: 137 } } }],
    },
    cells: ['0/1', 'Signal:9', '0'],
  },
  {
    name: 'a container that failed',
    status: {
      phase: 'Failed',
      containerStatuses: [{ name: 'c', state: { terminated: { exitCode: 3 } } }],
    },
    cells: ['0/1', 'ExitCode:3', '0'],
  },
  {
    name: 'a pod that is done',
    status: { phase: 'Succeeded', containerStatuses: [{ name: 'c', state: done }] },
    cells: ['0/1', 'Completed', '0'],
  },
  {
    name: 'a pod with a container that is done and one that runs',
    spec: { containers: [{ name: 'c' }, { name: 'd' }] },
    status: {
      phase: 'Running',
      containerStatuses: [
        { name: 'c', state: done },
        { ...running, name: 'd' },
      ],
    },
    cells: ['1/2', 'NotReady', '0'],
  },
  {
    name: 'the same, ready',
    spec: { containers: [{ name: 'c' }, { name: 'd' }] },
    status: {
      phase: 'Running',
      conditions: ready,
      containerStatuses: [
        { name: 'c', state: done },
        { ...running, name: 'd' },
      ],
    },
    cells: ['1/2', 'Running', '0'],
  },
  {
    name: 'the first of two init containers',
    spec: { initContainers },
    status: { phase: 'Pending', initContainerStatuses: [{ name: 'i1', state: { running: {} } }] },
    cells: ['0/1', 'Init:0/2', '0'],
  },
  {
    name: 'the second of two init containers',
    spec: { initContainers },
    status: {
      phase: 'Pending',
      initContainerStatuses: [
        { name: 'i1', state: done },
        { name: 'i2', state: { waiting: { reason: 'PodInitializing' } } },
      ],
    },
    cells: ['0/1', 'Init:1/2', '0'],
  },
  {
    name: 'an init container that crashes',
    spec: { initContainers },
    status: {
      phase: 'Pending',
      initContainerStatuses: [
        { name: 'i1', restartCount: 4, state: { waiting: { reason: 'CrashLoopBackOff' } } },
      ],
    },
    cells: ['0/1', 'Init:CrashLoopBackOff', '4'],
  },
  {
    name: 'an init container that failed',
    spec: { initContainers },
    status: {
      phase: 'Pending',
      initContainerStatuses: [{ name: 'i1', state: { terminated: { exitCode: 2 } } }],
    },
    cells: ['0/1', 'Init:ExitCode:2', '0'],
  },
  {
    name: 'a sidecar beside a container',
    spec: { initContainers: [sidecar] },
    status: {
      phase: 'Running',
      initContainerStatuses: [
        { name: 's', started: true, ready: true, restartCount: 1, state: { running: {} } },
      ],
      containerStatuses: [running],
    },
    cells: ['2/2', 'Running', '1'],
  },
  {
    name: 'a pod that is deleted',
    deleted: true,
    status: { phase: 'Running', containerStatuses: [running] },
    cells: ['1/1', 'Terminating', '0'],
  },
  {
    name: 'a pod that is deleted and over',
    deleted: true,
    status: { phase: 'Succeeded', containerStatuses: [{ name: 'c', state: done }] },
    cells: ['0/1', 'Completed', '0'],
  },
  {
    name: 'a pod that is deleted on a node that is lost',
    deleted: true,
    status: { phase: 'Running', reason: 'NodeLost' },
    cells: ['0/1', 'Unknown', '0'],
  },
];

t.test('podTable shows what a pod does', async (t) => {
  for (const { name, spec, status, deleted, cells } of cases) {
    const meta = deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {};
    const pod: Pod = { ...podOf(spec, meta), ...(status ? { status } : {}) };
    t.same(cellsOf('Pod', pod)?.slice(1, 4), cells, name);
  }
});

t.test('podTable shows where a pod is', async (t) => {
  const spec: PodSpec = {
    nodeName: 'n',
    readinessGates: [{ conditionType: 'a' }, { conditionType: 'b' }],
  };
  const status: PodStatus = {
    podIPs: [{ ip: '10.0.0.1' }, { ip: '::1' }],
    nominatedNodeName: 'm',
    conditions: [{ type: 'b', status: 'True' }],
  };
  const pod: Pod = { ...podOf(spec, { creationTimestamp: '2025-12-31T00:00:00Z' }), status };
  t.same(cellsOf('Pod', pod)?.slice(4), ['24h', '10.0.0.1', 'n', 'm', '1/2']);
  t.same(cellsOf('Pod', podOf())?.slice(4), ['<unknown>', '<none>', '<none>', '<none>', '<none>']);
  t.same(
    kindOf('Pod').table?.columns.map(({ name }) => name),
    [
      'Name',
      'Ready',
      'Status',
      'Restarts',
      'Age',
      'IP',
      'Node',
      'Nominated Node',
      'Readiness Gates',
    ],
  );
  t.match(kindOf('Pod').table?.conditions?.({ ...podOf(), status: { phase: 'Failed' } } as Pod), [
    { type: 'Completed', reason: 'Failed' },
  ]);
});
