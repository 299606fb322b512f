import t from 'tap';
import type { Node } from '../../../../src/control/api/gen/core-v1.js';
import {
  lostConditions,
  NodeHealth,
} from '../../../../src/control/controllers/node-lifecycle/health.js';
import { planNode } from '../../../../src/control/controllers/node-lifecycle/plan.js';
import {
  planZones,
  type ZoneCount,
  type ZoneState,
  zoneState,
} from '../../../../src/control/controllers/node-lifecycle/zones.js';

const now = '2026-01-01T01:00:00Z';

function node(ready: string | undefined, taint?: string, heartbeat = '2026-01-01T00:00:00Z'): Node {
  const condition = { type: 'Ready', lastHeartbeatTime: heartbeat };
  return {
    metadata: { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec:
      taint === undefined
        ? {}
        : { taints: [{ key: `node.kubernetes.io/${taint}`, effect: 'NoExecute' }] },
    status: ready === undefined ? {} : { conditions: [{ ...condition, status: ready }] },
  };
}

type Seen = [isWritten: boolean, isLost: boolean, isReady: boolean, eviction: string];
const cases: readonly [title: string, subject: Node, silenceMs: number, seen: Seen][] = [
  ['well', node('True'), 0, [false, false, true, 'none']],
  ['just within its grace', node('True'), 50_000, [false, false, true, 'none']],
  ['lost', node('True'), 50_001, [true, true, false, 'none']],
  ['lost for long', node('Unknown'), 100_000, [true, false, false, 'queue']],
  ['not ready', node('False'), 0, [false, false, false, 'queue']],
  ['not ready and tainted', node('False', 'not-ready'), 0, [false, false, false, 'swap']],
  ['not ready and then lost', node('False', 'not-ready'), 60_000, [true, false, false, 'swap']],
  ['well again', node('True', 'unreachable'), 0, [false, false, true, 'clear']],
  ['new', node(undefined), 59_000, [false, false, false, 'none']],
  ['never heard', node(undefined), 60_001, [true, false, false, 'none']],
];
for (const [title, subject, silenceMs, seen] of cases) {
  t.test(`planNode of a node that is ${title}`, (t) => {
    const grace = { graceMs: 50_000, startupGraceMs: 60_000 };
    const plan = planNode({ node: subject, silenceMs, ...grace, now });
    t.same([plan.conditions !== null, plan.isLost, plan.isReady, plan.eviction], seen);
    t.end();
  });
}

t.test('lostConditions words what nobody knows, and is said once', (t) => {
  const subject = node('True');
  subject.status!.conditions!.push(
    { type: 'MemoryPressure', status: 'False' },
    { type: 'NetworkUnavailable', status: 'False' },
  );
  const conditions = lostConditions(subject, now)!;
  t.same(
    conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`),
    [
      'Ready Unknown NodeStatusUnknown',
      'MemoryPressure Unknown NodeStatusUnknown',
      'NetworkUnavailable False undefined',
      'DiskPressure Unknown NodeStatusNeverUpdated',
      'PIDPressure Unknown NodeStatusNeverUpdated',
    ],
  );
  t.equal(conditions[0]?.message, 'Kubelet stopped posting node status.');
  t.equal(conditions[0]?.lastTransitionTime, now);
  t.equal(conditions[0]?.lastHeartbeatTime, '2026-01-01T00:00:00Z');
  t.equal(conditions[3]?.message, 'Kubelet never posted node status.');
  t.equal(lostConditions({ ...subject, status: { conditions: [...conditions] } }, now), null);
  t.end();
});

t.test('NodeHealth hears heartbeats and leases by its own clock', (t) => {
  const health = new NodeHealth();
  const wallMs = Date.parse(now);
  t.equal(health.silenceMs('a', 0), null);
  health.onNode(node('True'), 1000, wallMs);
  t.equal(health.silenceMs('a', 3000), 2000, 'first seen counts');
  health.onNode(node('True'), 3000, wallMs);
  t.equal(health.silenceMs('a', 3000), 2000, 'the same heartbeat again does not');
  health.onNode(node('True', undefined, '2026-01-01T00:00:10Z'), 4000, wallMs);
  t.equal(health.silenceMs('a', 5000), 1000);
  health.onLease('a', '2026-01-01T00:00:20.000000Z', 6000);
  t.equal(health.silenceMs('a', 6000), 0);
  health.onLease('a', '2026-01-01T00:00:20.000000Z', 7000);
  health.onLease('a', '2026-01-01T00:00:19.000000Z', 7000);
  health.onLease('a', undefined, 7000);
  health.onLease('other', '2026-01-01T00:00:20.000000Z', 7000);
  t.equal(health.silenceMs('a', 7000), 1000, 'a lease that was not renewed is silence');
  const lost = node('Unknown', undefined, 'made up');
  health.onOwnWrite(lost);
  health.onNode(lost, 8000, wallMs);
  t.equal(health.silenceMs('a', 8000), 2000, 'what the controller wrote is no sign of life');
  health.onHearingAgain(9000);
  t.equal(health.silenceMs('a', 9000), 0);
  health.forget('a');
  health.onNode(node(undefined), 10_000, wallMs);
  t.equal(
    health.silenceMs('a', 10_000),
    3_600_000,
    'who has said nothing is waited for since it came',
  );
  t.end();
});

const zoneCases: readonly [ready: number, notReady: number, seen: ZoneState][] = [
  [0, 0, 'normal'],
  [0, 1, 'full'],
  [1, 1, 'normal'],
  [1, 2, 'normal'],
  [2, 3, 'partial'],
  [45, 55, 'partial'],
  [46, 54, 'normal'],
];
for (const [ready, notReady, seen] of zoneCases) {
  t.test(`zoneState of ${ready} ready and ${notReady} others is ${seen}`, (t) => {
    t.equal(zoneState({ ready, notReady }, 0.55), seen);
    t.end();
  });
}

const rates = { normal: 0.1, secondary: 0.01, largeZoneMin: 50, unhealthyPart: 0.55 };
const well: ZoneCount = { ready: 10, notReady: 0 };
const ill: ZoneCount = { ready: 3, notReady: 7 };
const largeAndIll: ZoneCount = { ready: 20, notReady: 40 };
const lost: ZoneCount = { ready: 0, notReady: 10 };
type States = Readonly<Record<string, ZoneState>>;
const planCases: readonly [
  title: string,
  before: States,
  counts: Readonly<Record<string, ZoneCount>>,
  rates: Readonly<Record<string, number>>,
  turn: string,
][] = [
  ['the first look', {}, { a: well, b: ill }, { a: 0.1, b: 0 }, 'none'],
  ['nothing new', { a: 'normal', b: 'partial' }, { a: well, b: ill }, {}, 'none'],
  ['a small zone is ill', { a: 'normal', b: 'normal' }, { a: well, b: ill }, { b: 0 }, 'none'],
  [
    'a large zone is ill',
    { a: 'normal', b: 'normal' },
    { a: well, b: largeAndIll },
    { b: 0.01 },
    'none',
  ],
  ['a zone is lost', { a: 'normal', b: 'normal' }, { a: well, b: lost }, { b: 0.1 }, 'none'],
  [
    'all zones are lost',
    { a: 'normal', b: 'normal' },
    { a: lost, b: lost },
    { a: 0, b: 0 },
    'stop',
  ],
  ['all zones are lost still', { a: 'full', b: 'full' }, { a: lost, b: lost }, {}, 'none'],
  ['one comes back', { a: 'full', b: 'full' }, { a: well, b: lost }, { a: 0.1, b: 0.1 }, 'resume'],
  ['a new zone in a lost cluster', { a: 'full' }, { a: lost, b: lost }, { a: 0, b: 0 }, 'stop'],
  ['a zone is gone', { a: 'normal', b: 'normal' }, { a: well }, {}, 'none'],
  ['no node is left', { a: 'normal' }, {}, {}, 'none'],
];
for (const [title, before, counts, wanted, turn] of planCases) {
  t.test(`planZones: ${title}`, (t) => {
    const plan = planZones(new Map(Object.entries(before)), new Map(Object.entries(counts)), rates);
    t.same(Object.fromEntries(plan.rates), wanted);
    t.equal(plan.turn, turn);
    t.same([...plan.states.keys()], Object.keys(counts));
    t.end();
  });
}
