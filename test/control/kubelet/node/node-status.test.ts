import t from 'tap';
import type { NodeStatus } from '../../../../src/control/api/gen/core-v1.js';
import {
  type NodeFacts,
  nodeStatus,
  statusPatch,
} from '../../../../src/control/kubelet/node/node-status.js';
import type { MachineIdentity } from '../../../../src/host/machine.js';

const amounts = { cpu: '2', memory: '1Gi', pods: '110' };
const facts: NodeFacts = {
  settings: { nodeName: 'n1', port: 10_250, kubeletVersion: 'v1.36.0' } as NodeFacts['settings'],
  machine: { machineId: 'm', swapBytes: 0 } as MachineIdentity,
  addresses: ['10.0.0.1'],
  amounts: { capacity: amounts, allocatable: { ...amounts, cpu: '1' } },
  runtime: { name: 'memory', version: '1', apiVersion: 'v1' },
  runtimeStatus: { conditions: [] },
  images: [],
  health: {
    ...{ hasMemoryPressure: false, hasDiskPressure: false, hasPidPressure: false },
    ...{ problems: [], isShuttingDown: false },
  },
  nowMs: 0,
};

t.test('nodeStatus: extended resources that others gave the node are for pods', async (t) => {
  const before: NodeStatus = { capacity: { cpu: '7', 'example.com/gpu': '3', bogus: '1' } };
  const { capacity, allocatable } = nodeStatus(facts, before);
  t.same(capacity, { ...amounts, 'example.com/gpu': '3' });
  t.same(allocatable, { ...amounts, cpu: '1', 'example.com/gpu': '3' });
});

t.test('statusPatch: those that the node has no more are taken away', async (t) => {
  const before: NodeStatus = {
    capacity: { cpu: '2' },
    allocatable: { cpu: '1', 'example.com/gpu': '3', bogus: '1' },
  };
  const { status } = statusPatch(before, nodeStatus(facts, before));
  t.match(status, {
    capacity: amounts,
    allocatable: { ...amounts, cpu: '1', 'example.com/gpu': null },
  });
  t.notOk(Object.hasOwn((status as NodeStatus).allocatable ?? {}, 'bogus'));
});

t.test('statusPatch: addresses of one type are replaced, those of others stay', async (t) => {
  const own = ['10.0.0.1', 'fd00::1'].map((address) => ({ type: 'InternalIP', address }));
  const given = { type: 'ExternalIP', address: '192.0.2.1' };
  const before: NodeStatus = { addresses: [{ type: 'InternalIP', address: '10.0.0.9' }, given] };
  const after = nodeStatus({ ...facts, addresses: ['10.0.0.1', 'fd00::1'] }, before);
  const { status } = statusPatch(before, after);
  t.same((status as NodeStatus).addresses, [
    ...[...own, { type: 'Hostname', address: 'n1' }, given],
    { $patch: 'replace' },
  ]);
});

t.test('nodeStatus: a condition that stays as it is keeps its time', async (t) => {
  const first = nodeStatus(facts, {});
  const later = nodeStatus({ ...facts, nowMs: 60_000 }, first);
  const ready = (status: NodeStatus) => status.conditions?.find(({ type }) => type === 'Ready');
  t.equal(ready(later)?.lastTransitionTime, ready(first)?.lastTransitionTime);
  t.not(ready(later)?.lastHeartbeatTime, ready(first)?.lastHeartbeatTime);
  const problems = ['the runtime is down'];
  const broken = nodeStatus(
    { ...facts, nowMs: 90_000, health: { ...facts.health, problems } },
    later,
  );
  t.match(ready(broken), { status: 'False', lastTransitionTime: '1970-01-01T00:01:30Z' });
});
