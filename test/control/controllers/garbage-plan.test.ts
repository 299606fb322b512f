import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { apiResource } from '../../../src/control/client/index.js';
import {
  type GraphNode,
  OwnershipGraph,
} from '../../../src/control/controllers/garbage-collector/graph.js';
import {
  type Action,
  type OwnerState,
  planObject,
} from '../../../src/control/controllers/garbage-collector/plan.js';

const resource = apiResource('v1', 'things', 'Thing');

function node(uid: string, fields: Partial<GraphNode> = {}): GraphNode {
  return {
    ...{ uid, resource, namespace: 'default', name: uid },
    ...{ owners: [], finalizers: [], isBeingDeleted: false },
    ...fields,
  };
}

const owned = (...owners: string[]) => ({ owners: owners.map((uid) => ({ uid, name: uid })) });
const blocking = node('c', { owners: [{ uid: 'a', blockOwnerDeletion: true }] });
const goingBlocking = { ...blocking, isBeingDeleted: true };
const loose = node('d', { owners: [{ uid: 'a' }] });

const cases: readonly [
  title: string,
  node: GraphNode,
  owners: Readonly<Record<string, OwnerState>>,
  dependents: readonly GraphNode[],
  action: Action,
][] = [
  ['without owners stays', node('a'), {}, [loose], { kind: 'nothing' }],
  ['with an owner stays', node('a', owned('x')), { x: 'solid' }, [], { kind: 'nothing' }],
  [
    'without its owner goes',
    node('a', owned('x')),
    { x: 'absent' },
    [loose],
    { kind: 'delete', propagation: 'Background', unblocksOwners: false },
  ],
  [
    'with one owner of two loses the reference to the other',
    node('a', owned('x', 'y')),
    { x: 'solid', y: 'absent' },
    [],
    { kind: 'drop-owners', uids: ['y'] },
  ],
  [
    'with a solid owner is not deleted for one that waits',
    node('a', owned('x', 'y')),
    { x: 'waiting', y: 'solid' },
    [],
    { kind: 'drop-owners', uids: ['x'] },
  ],
  [
    'whose owner waits goes',
    node('a', owned('x')),
    { x: 'waiting' },
    [],
    { kind: 'delete', propagation: 'Background', unblocksOwners: false },
  ],
  [
    'whose owner waits goes after its own dependents',
    node('a', owned('x')),
    { x: 'waiting' },
    [loose],
    { kind: 'delete', propagation: 'Foreground', unblocksOwners: false },
  ],
  [
    'in a circle of those that wait lets no owner wait for it',
    node('a', owned('x')),
    { x: 'waiting' },
    [loose, { ...goingBlocking, finalizers: ['foregroundDeletion'] }],
    { kind: 'delete', propagation: 'Foreground', unblocksOwners: true },
  ],
  [
    'that is to leave orphans goes so',
    node('a', { ...owned('x'), finalizers: ['orphan'] }),
    { x: 'absent' },
    [loose],
    { kind: 'delete', propagation: 'Orphan', unblocksOwners: false },
  ],
  [
    'that is being deleted already is left alone',
    node('a', { ...owned('x'), isBeingDeleted: true, finalizers: ['other'] }),
    { x: 'absent' },
    [],
    { kind: 'nothing' },
  ],
  [
    'in the foreground has its dependents looked at',
    node('a', { isBeingDeleted: true, finalizers: ['foregroundDeletion'] }),
    {},
    [blocking, loose],
    { kind: 'hurry', dependents: [blocking, loose] },
  ],
  [
    'in the foreground waits for dependents on their way',
    node('a', { isBeingDeleted: true, finalizers: ['foregroundDeletion'] }),
    {},
    [goingBlocking],
    { kind: 'hurry', dependents: [] },
  ],
  [
    'in the foreground does not wait for those that do not block',
    node('a', { isBeingDeleted: true, finalizers: ['foregroundDeletion'] }),
    {},
    [loose],
    { kind: 'finish', finalizer: 'foregroundDeletion' },
  ],
  [
    'that leaves orphans lets its dependents go first',
    node('a', { isBeingDeleted: true, finalizers: ['orphan', 'foregroundDeletion'] }),
    {},
    [blocking],
    { kind: 'release', dependents: [blocking] },
  ],
  [
    'that has left orphans is done',
    node('a', { isBeingDeleted: true, finalizers: ['orphan'] }),
    {},
    [],
    { kind: 'finish', finalizer: 'orphan' },
  ],
];

for (const [title, subject, owners, dependents, action] of cases) {
  t.test(`planObject: an object ${title}`, (t) => {
    t.same(planObject(subject, new Map(Object.entries(owners)), dependents), action);
    t.end();
  });
}

t.test('OwnershipGraph knows dependents as a look at all objects does', (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const prng = new Prng(seed);
    const graph = new OwnershipGraph();
    const all = new Map<string, GraphNode>();
    for (let step = 0; step < 200; step++) {
      const uid = `u${prng.int(0, 10)}`;
      if (prng.chance(0.3)) {
        graph.remove(uid);
        all.delete(uid);
      } else {
        const owners = [`u${prng.int(0, 10)}`, `u${prng.int(0, 10)}`].slice(0, prng.int(0, 3));
        const made = node(uid, owned(...new Set(owners)));
        graph.put(made);
        all.set(uid, made);
      }
    }
    for (let index = 0; index < 10; index++) {
      const uid = `u${index}`;
      const wanted = [...all.values()].filter(({ owners }) => owners.some((o) => o.uid === uid));
      const found = graph.dependentsOf(uid);
      t.same(found.map((n) => n.uid).sort(), wanted.map((n) => n.uid).sort(), `seed ${seed}`);
    }
    t.equal(graph.size, all.size);
  }
  t.end();
});
