import t from 'tap';
import type { DaemonSet } from '../../../../src/control/api/gen/apps-v1.js';
import type { Node, Pod, PodSpec, Taint } from '../../../../src/control/api/gen/core-v1.js';
import {
  daemonTolerations,
  newDaemonPod,
  nodeJudge,
  targetNode,
} from '../../../../src/control/controllers/daemon-set/daemon-pod.js';
import { FailureBackoff } from '../../../../src/control/controllers/daemon-set/failure-backoff.js';
import { planDaemonSet } from '../../../../src/control/controllers/daemon-set/plan.js';
import { daemonSetStatus } from '../../../../src/control/controllers/daemon-set/status.js';
import { nowMs, podSample } from '../pods/samples.js';
import { template } from '../pods/workload-env.js';

function nodeSample(name: string, labels: Record<string, string> = {}, taints: Taint[] = []): Node {
  return { metadata: { name, labels }, spec: { taints } };
}

function setSample(spec: DaemonSet['spec'] = {}, pod: PodSpec = {}): DaemonSet {
  const content = template('agent');
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: {
      ...{ name: 'agent', namespace: 'default', uid: 'agent', generation: 1 },
      annotations: { 'deprecated.daemonset.template.generation': '4' },
    },
    spec: {
      template: { ...content, spec: { ...content.spec, ...pod } },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      ...spec,
    },
  };
}

t.test('nodeJudge: which nodes get a pod, and where one may stay', (t) => {
  const taint = (effect: string, key = 'only'): Taint => ({ key, value: 'gpu', effect });
  const required = (...terms: object[]): PodSpec => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
      },
    },
  });
  const expression = (key: string, operator: string, ...values: string[]) => ({
    matchExpressions: [{ key, operator, values }],
  });
  const labels = { disk: 'ssd', cores: '8' };
  const rows: readonly (readonly [string, PodSpec, Taint[], boolean, boolean])[] = [
    ['any node', {}, [], true, true],
    ['named', { nodeName: 'n' }, [], true, true],
    ['another is named', { nodeName: 'm' }, [], false, false],
    ['selected', { nodeSelector: { disk: 'ssd' } }, [], true, true],
    ['not selected', { nodeSelector: { disk: 'hdd' } }, [], false, false],
    ['In', required(expression('disk', 'In', 'hdd', 'ssd')), [], true, true],
    ['NotIn', required(expression('disk', 'NotIn', 'ssd')), [], false, false],
    ['Exists', required(expression('disk', 'Exists')), [], true, true],
    ['DoesNotExist', required(expression('disk', 'DoesNotExist')), [], false, false],
    ['Gt', required(expression('cores', 'Gt', '7')), [], true, true],
    ['Lt', required(expression('cores', 'Lt', '8')), [], false, false],
    [
      'one of two terms',
      required(expression('a', 'Exists'), expression('disk', 'Exists')),
      [],
      true,
      true,
    ],
    ['an empty term', required({}), [], false, false],
    [
      'by name',
      required({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }),
      [],
      true,
      true,
    ],
    ['NoSchedule', {}, [taint('NoSchedule')], false, true],
    ['NoExecute', {}, [taint('NoExecute')], false, false],
    ['PreferNoSchedule', {}, [taint('PreferNoSchedule')], true, true],
    [
      'tolerated',
      { tolerations: [{ key: 'only', operator: 'Exists' }] },
      [taint('NoExecute')],
      true,
      true,
    ],
    [
      'tolerated value',
      { tolerations: [{ key: 'only', value: 'gpu' }] },
      [taint('NoSchedule')],
      true,
      true,
    ],
    [
      'another value',
      { tolerations: [{ key: 'only', value: 'x' }] },
      [taint('NoSchedule')],
      false,
      true,
    ],
    [
      'another effect',
      { tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }] },
      [taint('NoExecute')],
      false,
      false,
    ],
    ['cordoned', {}, [taint('NoSchedule', 'node.kubernetes.io/unschedulable')], true, true],
    ['not ready', {}, [taint('NoExecute', 'node.kubernetes.io/not-ready')], true, true],
    [
      'no network',
      {},
      [taint('NoSchedule', 'node.kubernetes.io/network-unavailable')],
      false,
      true,
    ],
    [
      'no network needed',
      { hostNetwork: true },
      [taint('NoSchedule', 'node.kubernetes.io/network-unavailable')],
      true,
      true,
    ],
  ];
  for (const [why, spec, taints, shouldRun, mayStay] of rows) {
    const verdict = nodeJudge(setSample({}, spec))(nodeSample('n', labels, taints));
    t.strictSame(verdict, { shouldRun, mayStay }, why);
  }
  t.end();
});

t.test('newDaemonPod: names its node, and tolerates what daemons tolerate', (t) => {
  const pod = newDaemonPod(setSample({}, { hostNetwork: true }), 'n7', 'h');
  t.equal(targetNode(pod), 'n7');
  t.equal(targetNode({ ...pod, spec: { ...pod.spec, nodeName: 'n8' } }), 'n8');
  t.equal(targetNode({ metadata: {} }), null);
  t.match(pod.metadata.labels, {
    app: 'agent',
    'controller-revision-hash': 'h',
    'pod-template-generation': '4',
  });
  t.equal(pod.spec?.tolerations?.length, 7);
  const own = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' };
  const tolerations = daemonTolerations({ tolerations: [{ ...own, tolerationSeconds: 5 }] });
  t.strictSame(tolerations[0], own, 'that of the template gives way');
  t.equal(tolerations.length, 6);
  t.end();
});

/** `a:new`, `b:old!`: a pod on node a of the present template; `!` not ready, `~` going, `x` failed, `s` ended, `?` waits for its node. */
function pods(text: string): readonly Pod[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word, at) => {
      const [node = '', kind = ''] = word.split(':');
      const pod = podSample(`${node}-${kind}`, {
        labels: { 'controller-revision-hash': kind.startsWith('new') ? 'new' : 'old' },
        ...{ node, age: 1000 - at, readyFor: /[!xs]$/.test(kind) ? null : 100 },
        isGoing: kind.includes('~'),
        phase: kind.endsWith('x') ? 'Failed' : kind.endsWith('s') ? 'Succeeded' : 'Running',
      });
      if (!kind.endsWith('?')) return pod;
      const { spec } = newDaemonPod(setSample(), node, 'new');
      return { ...pod, spec: spec ?? {} };
    });
}

t.test('planDaemonSet: pods where they lack, none where they should not be, and updates', (t) => {
  const rolling = (maxUnavailable: number | string, maxSurge: number | string) => ({
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable, maxSurge } },
  });
  const surge = rolling(0, 1);
  const rows: readonly (readonly [DaemonSet['spec'], string, string, string])[] = [
    [{}, '', 'a b c', ''],
    [{}, 'a:new', 'b c', ''],
    [{}, 'a:new b:new c:new', '', ''],
    [{}, 'a:new b:new c:new~', '', ''],
    [{}, 'a:new b:new c:new d:new', '', ''],
    [{}, 'a:new b:new c:new d:new?', '', 'd-new?'],
    [{}, 'a:new b:new c:newx', '', 'c-newx'],
    [{}, 'a:new b:new c:news', '', 'c-news'],
    [{}, 'a:new b:new c:new c:new2', '', 'c-new2'],
    [{}, 'a:new b:new c:new tainted:new', '', 'tainted-new'],
    [{}, 'a:old b:old c:old', '', 'a-old'],
    [{}, 'a:new! b:old c:old', '', ''],
    [{}, 'a:new b:old! c:old', '', 'b-old!'],
    [{}, 'a:new b:old c:old~', '', ''],
    [{}, 'a:old b:old', 'c', ''],
    [rolling(2, 0), 'a:old b:old c:old', '', 'a-old b-old'],
    [rolling('50%', 0), 'a:old b:old c:old', '', 'a-old b-old'],
    [rolling('0%', 0), 'a:old b:old c:old', '', 'a-old'],
    [{ updateStrategy: { type: 'OnDelete' } }, 'a:old b:old c:old!', '', ''],
    [{ updateStrategy: { type: 'OnDelete' } }, 'a:old b:old', 'c', ''],
    [{ minReadySeconds: 200 }, 'a:new b:old c:old', '', 'b-old c-old'],
    [surge, 'a:old b:old c:old', 'a', ''],
    [surge, 'a:old a:new! b:old c:old', '', ''],
    [surge, 'a:old a:new b:old c:old', '', 'a-old'],
    [surge, 'a:old! a:new! b:old c:old', '', 'a-old!'],
    [surge, 'a:new b:old! c:old', 'b c', ''],
    [surge, 'a:new b:old~ c:old', 'b', ''],
    [rolling(0, '100%'), 'a:old b:old c:old', 'a b c', ''],
  ];
  const nodes = [
    ...['a', 'b', 'c'].map((name) => nodeSample(name)),
    nodeSample('tainted', {}, [{ key: 'k', effect: 'NoExecute' }]),
  ];
  for (const [spec, there, create, remove] of rows) {
    const state = { set: setSample(spec), nodes, pods: pods(there), hash: 'new', nowMs };
    const plan = planDaemonSet(state, () => 0);
    const names = plan.remove.map(({ metadata }) => metadata.name);
    t.strictSame(
      [plan.create.join(' '), names.join(' ')],
      [create, remove],
      `${JSON.stringify(spec)}: ${there}`,
    );
  }
  t.end();
});

t.test('planDaemonSet: a pod that fails again and again stays for a while', (t) => {
  const state = {
    set: setSample(),
    nodes: [nodeSample('a')],
    pods: pods('a:newx'),
    hash: 'new',
    nowMs,
  };
  const waiting = planDaemonSet(state, () => 700);
  t.match(waiting, { create: [], remove: [], ended: [], retryInMs: 700 });
  const going = planDaemonSet(state, () => 0);
  t.match(going, { ended: [{ node: 'a' }], retryInMs: null });
  t.equal(going.remove.length, 1);
  t.end();
});

t.test('FailureBackoff: doubles to 15 minutes, and forgets', (t) => {
  const backoff = new FailureBackoff();
  t.equal(backoff.remainingMs('k', 0), 0);
  let nowMs = 0;
  const pauses: number[] = [];
  for (let at = 0; at < 12; at++) {
    backoff.note('k', nowMs);
    const pause = backoff.remainingMs('k', nowMs);
    pauses.push(pause / 1000);
    nowMs += pause;
    t.equal(backoff.remainingMs('k', nowMs), 0);
  }
  t.strictSame(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
  backoff.note('k', nowMs + 1_800_001 + 900_000);
  t.equal(backoff.remainingMs('k', nowMs + 2_700_001), 1000);
  backoff.forget('k', nowMs);
  t.equal(backoff.remainingMs('k', nowMs + 2_700_001), 0);
  t.end();
});

t.test('daemonSetStatus: counts nodes', (t) => {
  const nodes = ['a', 'b', 'c', 'd'].map((name) => nodeSample(name));
  const tainted = nodeSample('e', {}, [{ key: 'k', effect: 'NoSchedule' }]);
  const status = daemonSetStatus(
    {
      ...{
        set: setSample({ minReadySeconds: 50 }),
        nodes: [...nodes, tainted],
        hash: 'new',
        nowMs,
      },
      pods: pods('a:new b:old c:new! e:new'),
    },
    { observedGeneration: 1, collisionCount: 0 },
  );
  t.strictSame(status, {
    observedGeneration: 1,
    currentNumberScheduled: 3,
    numberMisscheduled: 1,
    desiredNumberScheduled: 4,
    numberReady: 2,
    updatedNumberScheduled: 2,
    numberAvailable: 2,
    numberUnavailable: 2,
  });
  t.end();
});
