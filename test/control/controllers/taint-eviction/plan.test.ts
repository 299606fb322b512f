import t from 'tap';
import type { Taint, Toleration } from '../../../../src/control/api/gen/core-v1.js';
import { tolerates } from '../../../../src/control/controllers/nodes/tolerations.js';
import { evictingTaints, stayMs } from '../../../../src/control/controllers/taint-eviction/plan.js';

const lost: Taint = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' };
const other: Taint = { key: 'other', value: 'x', effect: 'NoExecute' };
const exists = (key: string, tolerationSeconds?: number): Toleration => ({
  ...{ key, operator: 'Exists', effect: 'NoExecute' },
  ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
});
const key = 'node.kubernetes.io/unreachable';

const cases: readonly [
  title: string,
  taints: Taint[],
  tolerations: Toleration[],
  seen: number | null,
][] = [
  ['no taint', [], [], null],
  ['no toleration', [lost], [], 0],
  ['a toleration of another taint', [lost], [exists('x')], 0],
  ['one that lasts', [lost], [exists(key)], null],
  ['one of five seconds', [lost], [exists(key, 5)], 5000],
  ['one of no time', [lost], [exists(key, 0)], 0],
  ['one of negative time', [lost], [exists(key, -5)], 0],
  ['of two taints one', [lost, other], [exists(key)], 0],
  ['of two taints both, the shorter', [lost, other], [exists(key, 9), exists('other', 4)], 4000],
  ['of two taints both, one that lasts', [lost, other], [exists(key), exists('other', 4)], 4000],
  ['everything', [lost, other], [{ operator: 'Exists' }], null],
  ['the first that matches counts', [lost], [exists(key, 7), exists(key)], 7000],
];
for (const [title, taints, tolerations, seen] of cases) {
  t.test(`stayMs with ${title}`, (t) => {
    t.equal(stayMs({ metadata: {}, spec: { tolerations } }, taints), seen);
    t.end();
  });
}

const pairs: readonly [toleration: Toleration, taint: Taint, seen: boolean][] = [
  [{ key: 'a', value: 'x' }, { key: 'a', value: 'x', effect: 'NoExecute' }, true],
  [{ key: 'a', value: 'y' }, { key: 'a', value: 'x', effect: 'NoExecute' }, false],
  [{ key: 'a', operator: 'Equal' }, { key: 'a', effect: 'NoExecute' }, true],
  [
    { key: 'a', operator: 'Exists', effect: 'NoSchedule' },
    { key: 'a', effect: 'NoExecute' },
    false,
  ],
  [{ key: 'a', operator: 'Gt', value: '5' }, { key: 'a', value: '6', effect: 'NoExecute' }, false],
];
for (const [toleration, taint, seen] of pairs) {
  t.test(`tolerates ${JSON.stringify(toleration)} ${JSON.stringify(taint)} is ${seen}`, (t) => {
    t.equal(tolerates(toleration, taint), seen);
    t.end();
  });
}

t.test('evictingTaints are those with the effect NoExecute', (t) => {
  t.same(evictingTaints([lost, { key: 'a', effect: 'NoSchedule' }]), [lost]);
  t.same(evictingTaints(undefined), []);
  t.end();
});
