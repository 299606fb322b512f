import t from 'tap';
import type { KindRules } from '../../../../src/control/api/kind-definition.js';
import { defaultDeleteOptions } from '../../../../src/control/apiserver/options/delete-options.js';
import { planDeletion } from '../../../../src/control/apiserver/registry/deletion-plan.js';
import type { KubeObject, ObjectMeta } from '../../../../src/control/machinery/object.js';
import { formatTime } from '../../../../src/control/machinery/time.js';

const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
const at = (seconds: number) => formatTime(nowMs + seconds * 1000);
const graceful: KindRules = { gracePeriodSeconds: (_, asked) => asked ?? 30 };

function plan(
  metadata: ObjectMeta,
  options: {
    readonly rules?: KindRules;
    readonly isHeld?: boolean;
    readonly deletion?: Partial<typeof defaultDeleteOptions>;
    readonly defaultPropagation?: 'Background' | 'Orphan' | 'Unsupported';
  } = {},
) {
  const object: KubeObject = { metadata: structuredClone(metadata) };
  const { step, removesAfterUpdate } = planDeletion(object, {
    options: { ...defaultDeleteOptions, ...options.deletion },
    defaultPropagation: options.defaultPropagation ?? 'Background',
    rules: options.rules ?? {},
    hooks: { isHeld: () => options.isHeld === true },
    nowMs,
  });
  return { step, removesAfterUpdate, metadata: object.metadata };
}

t.test('planDeletion removes at once what nothing holds', async (t) => {
  t.match(plan({}), { step: 'now', metadata: { deletionTimestamp: undefined } });
});

t.test('planDeletion marks what finalizers hold, and counts the generation', async (t) => {
  t.same(plan({ finalizers: ['a/b'], generation: 2 }), {
    step: 'update',
    removesAfterUpdate: false,
    metadata: {
      finalizers: ['a/b'],
      generation: 3,
      deletionTimestamp: at(0),
      deletionGracePeriodSeconds: 0,
    },
  });
});

t.test('planDeletion leaves alone what is marked already', async (t) => {
  const marked = { finalizers: ['a/b'], deletionTimestamp: at(-9), deletionGracePeriodSeconds: 0 };
  t.same(plan(marked), { step: 'pending', removesAfterUpdate: false, metadata: marked });
});

t.test('planDeletion holds what its kind holds, without finalizers', async (t) => {
  t.match(plan({}, { isHeld: true }), { step: 'update', metadata: { deletionTimestamp: at(0) } });
});

t.test('planDeletion waits for a grace period', async (t) => {
  t.match(plan({}, { rules: graceful }), {
    step: 'update',
    removesAfterUpdate: false,
    metadata: { deletionTimestamp: at(30), deletionGracePeriodSeconds: 30 },
  });
});

t.test('planDeletion removes after the mark when the period asked for is 0', async (t) => {
  const deletion = { gracePeriodSeconds: 0 };
  t.match(plan({}, { rules: graceful, deletion }), { step: 'update', removesAfterUpdate: true });
  const held = plan({ finalizers: ['a/b'] }, { rules: graceful, deletion });
  t.match(held, { step: 'update', removesAfterUpdate: false }, 'but not while finalizers hold it');
});

t.test('planDeletion reads a negative period as one second', async (t) => {
  const deletion = { gracePeriodSeconds: -5 };
  const dying = { deletionTimestamp: at(20), deletionGracePeriodSeconds: 30 };
  t.match(plan(dying, { rules: graceful, deletion }).metadata, { deletionGracePeriodSeconds: 1 });
});

t.test('planDeletion lets a later request only shorten the period', async (t) => {
  const dying = { deletionTimestamp: at(20), deletionGracePeriodSeconds: 30 };
  const longer = plan(dying, { rules: graceful, deletion: { gracePeriodSeconds: 60 } });
  t.match(longer, { step: 'pending', metadata: dying });
  t.match(plan(dying, { rules: graceful }), { step: 'pending' }, 'nor one that asks for nothing');
  const shorter = plan(dying, { rules: graceful, deletion: { gracePeriodSeconds: 5 } });
  t.match(shorter, {
    step: 'update',
    metadata: { deletionTimestamp: at(-5), deletionGracePeriodSeconds: 5 },
  });
});

for (const [what, before, options, finalizers] of [
  ['Orphan adds its finalizer', [], { deletion: { propagationPolicy: 'Orphan' } }, ['orphan']],
  [
    'Foreground adds its finalizer',
    ['x/y'],
    { deletion: { propagationPolicy: 'Foreground' } },
    ['x/y', 'foregroundDeletion'],
  ],
  [
    'Background takes both away',
    ['orphan', 'x/y'],
    { deletion: { propagationPolicy: 'Background' } },
    ['x/y'],
  ],
  [
    'Foreground replaces orphan',
    ['orphan'],
    { deletion: { propagationPolicy: 'Foreground' } },
    ['foregroundDeletion'],
  ],
  [
    'orphanDependents is the old way to say so',
    [],
    { deletion: { orphanDependents: true } },
    ['orphan'],
  ],
  ['the kind decides when nobody says anything', [], { defaultPropagation: 'Orphan' }, ['orphan']],
  [
    'a finalizer that is there counts before the kind',
    ['foregroundDeletion'],
    { defaultPropagation: 'Orphan' },
    ['foregroundDeletion'],
  ],
  [
    'kinds without dependents have none',
    [],
    { defaultPropagation: 'Unsupported', deletion: { propagationPolicy: 'Orphan' } },
    [],
  ],
] as const) {
  t.test(`planDeletion: ${what}`, async (t) => {
    const planned = plan({ finalizers: [...before] }, options);
    t.same(planned.metadata.finalizers ?? [], finalizers);
  });
}
