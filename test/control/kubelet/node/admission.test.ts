import t from 'tap';
import type { Node, Pod } from '../../../../src/control/api/gen/core-v1.js';
import { admitPod } from '../../../../src/control/kubelet/node/admission.js';
import { nodeAmounts, thresholdAmount } from '../../../../src/control/kubelet/node/amounts.js';

type Spec = NonNullable<Pod['spec']>;

const pod = (spec: Partial<Spec>): Pod => ({
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'a' }], ...spec },
});
const asking = (requests: Record<string, string>) =>
  pod({ containers: [{ name: 'a', resources: { requests } }] });
const node: Node = {
  metadata: { name: 'n1', labels: { zone: 'a', size: '7' } },
  spec: {
    taints: [
      { key: 'gone', effect: 'NoExecute' },
      { key: 'busy', effect: 'NoSchedule' },
    ],
  },
  status: { allocatable: { cpu: '64', 'example.com/gpu': '2' } },
};
const tolerations = [{ key: 'gone', operator: 'Exists' }];
const exposing = (hostPort: number, fields: Record<string, string> = {}) => ({
  containers: [{ name: 'a', ports: [{ containerPort: 8080, hostPort, ...fields }] }],
});
const affinity = (operator: string, key: string, values: string[]) => ({
  ...pod({ tolerations }).spec,
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }],
      },
    },
  },
});

const rows: readonly (readonly [string, Pod, string | null])[] = [
  ['nothing is asked for', pod({ tolerations }), null],
  ['another system', pod({ os: { name: 'windows' }, tolerations }), 'PodOSNotSupported'],
  ['as much cpu as is left', asking({ cpu: '1500m' }), 'TaintToleration'],
  ['more cpu than is left', asking({ cpu: '1501m' }), 'OutOfcpu'],
  ['more memory', asking({ memory: '2Gi' }), 'OutOfmemory'],
  ['more than others say it has', asking({ 'example.com/gpu': '3' }), 'OutOfexample.com/gpu'],
  ['as much as others say it has', asking({ 'example.com/gpu': '2' }), 'TaintToleration'],
  ['what the cluster has, not a node', asking({ 'example.com/seat': '1' }), 'TaintToleration'],
  ['huge pages that it does not have', asking({ 'hugepages-2Mi': '2Mi' }), 'OutOfhugepages-2Mi'],
  ['a selector that holds', pod({ nodeSelector: { zone: 'a' }, tolerations }), null],
  ['one that does not', pod({ nodeSelector: { zone: 'b' }, tolerations }), 'NodeAffinity'],
  ['In', pod(affinity('In', 'zone', ['b', 'a'])), null],
  ['NotIn', pod(affinity('NotIn', 'zone', ['a'])), 'NodeAffinity'],
  ['NotIn of a label that is not there', pod(affinity('NotIn', 'rack', ['a'])), null],
  ['Exists', pod(affinity('Exists', 'rack', [])), 'NodeAffinity'],
  ['DoesNotExist', pod(affinity('DoesNotExist', 'rack', [])), null],
  ['Gt', pod(affinity('Gt', 'size', ['6'])), null],
  ['Lt', pod(affinity('Lt', 'size', ['7'])), 'NodeAffinity'],
  ['a host port of its own', pod({ tolerations, ...exposing(81) }), null],
  ['a host port that another has', pod({ tolerations, ...exposing(80) }), 'NodePorts'],
  ['one of another protocol', pod({ tolerations, ...exposing(80, { protocol: 'UDP' }) }), null],
  [
    'one of one address',
    pod({ tolerations, ...exposing(80, { hostIP: '10.0.0.1' }) }),
    'NodePorts',
  ],
  ['a taint that is not borne', pod({}), 'TaintToleration'],
  ['all taints borne', pod({ tolerations: [{ operator: 'Exists' }] }), null],
];
for (const [title, wanted, reason] of rows) {
  t.test(`admitPod: ${title}`, async (t) => {
    const allocatable = { cpu: '2', memory: '1Gi', pods: '3' };
    const facts = {
      node,
      allocatable,
      others: [asking({ cpu: '500m' }), pod(exposing(80))],
      isStatic: false,
    };
    t.equal(admitPod(wanted, facts)?.reason ?? null, reason);
  });
}

t.test('admitPod: no more pods than the node takes; static ones bear every taint', async (t) => {
  const facts = { node, allocatable: { pods: '1' }, others: [pod({})], isStatic: true };
  t.same(admitPod(pod({}), facts), {
    reason: 'OutOfpods',
    message:
      "Pod was rejected: Node didn't have enough resource: pods, requested: 1, used: 1, capacity: 1",
  });
  t.equal(admitPod(pod({}), { ...facts, others: [] }), null);
});

t.test('nodeAmounts: what is kept back is not for pods, and nothing is below zero', async (t) => {
  const machine = { cpus: 2, memoryBytes: 4 * 2 ** 30 } as Parameters<typeof nodeAmounts>[0];
  const settings = {
    podsMax: 110,
    systemReserved: { cpu: '500m', memory: '1Gi' },
    kubeReserved: { cpu: '250m', 'ephemeral-storage': '200Gi' },
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '10%' },
  };
  const { capacity, allocatable } = nodeAmounts(machine, 100 * 2 ** 30, settings);
  t.match(capacity, { cpu: '2', memory: '4194304Ki', pods: '110' });
  t.match(allocatable, { cpu: '1250m', memory: '2972Mi', 'ephemeral-storage': '0', pods: '110' });
});

t.test('thresholdAmount: amounts and parts', async (t) => {
  t.equal(thresholdAmount('100Mi', 5), 100 * 2 ** 20);
  t.equal(thresholdAmount('12.5%', 801), 100);
});
