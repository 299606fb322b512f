import t from 'tap';
import type { Node, Taint } from '../../../../src/control/api/gen/core-v1.js';
import { missingLabels } from '../../../../src/control/controllers/node-lifecycle/labels.js';
import {
  hasEvictionTaint,
  withConditionTaints,
  withEvictionTaint,
} from '../../../../src/control/controllers/node-lifecycle/taints.js';

const now = '2026-01-01T00:00:00Z';

function node(
  conditions: Readonly<Record<string, string>>,
  taints: readonly string[] = [],
  unschedulable = false,
): Node {
  return {
    metadata: { name: 'a' },
    spec: { ...(unschedulable ? { unschedulable } : {}), taints: taints.map(taintOf) },
    status: { conditions: Object.entries(conditions).map(([type, status]) => ({ type, status })) },
  };
}

function taintOf(text: string): Taint {
  const [key = '', effect = ''] = text.split(':');
  return { key: key.includes('/') ? key : `node.kubernetes.io/${key}`, effect };
}

function texts(taints: readonly Taint[] | null): string[] | null {
  if (taints === null) return null;
  return taints.map(
    ({ key = '', effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`,
  );
}

const conditionCases: readonly [subject: Node, seen: string[] | null][] = [
  [node({ Ready: 'True' }), null],
  [node({ Ready: 'False' }), ['not-ready:NoSchedule']],
  [node({ Ready: 'Unknown' }), ['unreachable:NoSchedule']],
  [node({ Ready: 'Unknown' }, ['not-ready:NoSchedule']), ['unreachable:NoSchedule']],
  [
    node({ Ready: 'True' }, ['not-ready:NoSchedule', 'example.com/x:NoSchedule']),
    ['example.com/x:NoSchedule'],
  ],
  [node({ Ready: 'True' }, ['not-ready:NoExecute']), null],
  [
    node({
      Ready: 'True',
      MemoryPressure: 'True',
      DiskPressure: 'True',
      PIDPressure: 'True',
      NetworkUnavailable: 'True',
    }),
    [
      'memory-pressure:NoSchedule',
      'disk-pressure:NoSchedule',
      'network-unavailable:NoSchedule',
      'pid-pressure:NoSchedule',
    ],
  ],
  [node({ MemoryPressure: 'Unknown' }), null],
  [node({ Ready: 'True' }, [], true), ['unschedulable:NoSchedule']],
  [node({ Ready: 'True' }, ['unschedulable:NoSchedule'], true), null],
  [node({ Ready: 'True' }, ['unschedulable:NoSchedule']), []],
];
for (const [subject, seen] of conditionCases) {
  t.test(
    `withConditionTaints of ${JSON.stringify(subject.status)} with ${JSON.stringify(subject.spec)}`,
    (t) => {
      t.same(
        texts(withConditionTaints(subject, now))?.sort() ?? null,
        seen === null ? null : [...seen].sort(),
      );
      t.end();
    },
  );
}

t.test('withConditionTaints says since when, of new taints alone', (t) => {
  const kept = { ...taintOf('not-ready:NoSchedule'), timeAdded: '2025-01-01T00:00:00Z' };
  const subject = node({ Ready: 'False', MemoryPressure: 'True' });
  const taints = withConditionTaints({ ...subject, spec: { taints: [kept] } }, now);
  t.same(
    taints?.map(({ timeAdded }) => timeAdded),
    ['2025-01-01T00:00:00Z', now],
  );
  t.end();
});

const evictionCases: readonly [
  ready: string,
  before: string[],
  isEvicting: boolean,
  seen: string[] | null,
][] = [
  ['True', [], true, null],
  ['True', ['unreachable:NoExecute', 'unreachable:NoSchedule'], true, ['unreachable:NoSchedule']],
  ['False', [], true, ['not-ready:NoExecute']],
  ['Unknown', [], true, ['unreachable:NoExecute']],
  ['Unknown', ['not-ready:NoExecute'], true, ['unreachable:NoExecute']],
  ['False', ['unreachable:NoExecute'], true, ['not-ready:NoExecute']],
  ['Unknown', ['unreachable:NoExecute'], true, null],
  ['Unknown', ['unreachable:NoExecute'], false, []],
  ['Unknown', [], false, null],
];
for (const [ready, before, isEvicting, seen] of evictionCases) {
  t.test(`withEvictionTaint of Ready=${ready} with [${before}], evicting ${isEvicting}`, (t) => {
    const subject = node({ Ready: ready }, before);
    t.same(texts(withEvictionTaint(subject, { isEvicting, now })), seen);
    t.equal(
      hasEvictionTaint(subject),
      before.some((text) => text.endsWith('NoExecute')),
    );
    t.end();
  });
}

t.test('missingLabels are the old names of labels', (t) => {
  t.equal(missingLabels({ metadata: {} }), null);
  const labels = { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' };
  t.same(missingLabels({ metadata: { labels: { ...labels, 'beta.kubernetes.io/os': 'linux' } } }), {
    'beta.kubernetes.io/arch': 'amd64',
  });
  t.end();
});
