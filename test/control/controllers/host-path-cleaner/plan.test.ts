import t from 'tap';
import {
  hostPathFolders,
  isHostPathOf,
} from '../../../../src/control/api/core-v1/host-path-cleaning.js';
import type { Node, PersistentVolume } from '../../../../src/control/api/gen/core-v1.js';
import {
  askedNodes,
  type CleanerAction,
  hostPathFinalizer,
  planCleaning,
  removalMark,
} from '../../../../src/control/controllers/host-path-cleaner/plan.js';

const name = 'pvc-0a1b2c3d-0000-4000-8000-000000000001';
const path = `/volumes/${name}`;

function volume({
  isGoing = false,
  isHeld = true,
  policy = 'Delete',
  asked,
  maker = 'flotilla.dev/host-path',
  node,
}: {
  isGoing?: boolean;
  isHeld?: boolean;
  policy?: string;
  asked?: string;
  maker?: string;
  node?: string;
}): PersistentVolume {
  const values = node === undefined ? [] : [node];
  const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values }];
  return {
    metadata: {
      name,
      annotations: {
        'pv.kubernetes.io/provisioned-by': maker,
        ...(asked === undefined ? {} : { [askedNodes]: asked }),
      },
      finalizers: ['kubernetes.io/pv-protection', ...(isHeld ? [hostPathFinalizer] : [])],
      ...(isGoing ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: {
      persistentVolumeReclaimPolicy: policy,
      hostPath: { path },
      ...(node === undefined
        ? {}
        : { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } } }),
    },
  };
}

function node(
  nodeName: string,
  { folders = '/volumes', mark = false }: { folders?: string; mark?: boolean } = {},
): Node {
  return {
    metadata: {
      name: nodeName,
      labels: { 'kubernetes.io/hostname': nodeName },
      annotations: { [hostPathFolders]: folders, ...(mark ? { [removalMark(name)]: path } : {}) },
    },
  };
}

const nodes = [node('b'), node('a'), node('other', { folders: '/elsewhere' })];

const cases: readonly (readonly [what: string, PersistentVolume, Node[], CleanerAction])[] = [
  ['a new volume is held', volume({ isHeld: false }), nodes, { kind: 'hold' }],
  ['one that is held is left alone', volume({}), nodes, { kind: 'wait' }],
  [
    'what is kept is not held',
    volume({ isHeld: false, policy: 'Retain' }),
    nodes,
    { kind: 'wait' },
  ],
  [
    'what others made is not held',
    volume({ isHeld: false, maker: 'csi' }),
    nodes,
    { kind: 'wait' },
  ],
  [
    'every node that may have a folder is asked, if it removes such',
    volume({ isGoing: true }),
    nodes,
    { kind: 'ask', nodes: ['a', 'b'], path },
  ],
  [
    'the one node of a volume is asked',
    volume({ isGoing: true, node: 'b' }),
    nodes,
    { kind: 'ask', nodes: ['b'], path },
  ],
  ['nobody can be asked', volume({ isGoing: true, node: 'other' }), nodes, { kind: 'let-go' }],
  [
    'its policy was changed',
    volume({ isGoing: true, policy: 'Retain' }),
    nodes,
    { kind: 'let-go' },
  ],
  [
    'a node is not done yet',
    volume({ isGoing: true, asked: 'a,b' }),
    [node('a'), node('b', { mark: true })],
    { kind: 'wait' },
  ],
  ['all are done', volume({ isGoing: true, asked: 'a,b' }), nodes, { kind: 'let-go' }],
  [
    'a node that was asked is gone',
    volume({ isGoing: true, asked: 'c' }),
    nodes,
    { kind: 'let-go' },
  ],
  ['others hold it', volume({ isGoing: true, isHeld: false }), nodes, { kind: 'wait' }],
];

for (const [what, given, among, action] of cases)
  t.test(`planCleaning: ${what}`, (t) => {
    t.same(planCleaning(given, among), action);
    t.end();
  });

t.test('isHostPathOf takes what the provisioner makes in the folders, and nothing else', (t) => {
  t.ok(isHostPathOf(name, path, ['/a', '/volumes']));
  for (const [volumeName, where] of [
    [name, `/other/${name}`],
    [name, '/volumes'],
    [name, `/volumes/x/../${name}`],
    [name, `/volumes//${name}`],
    ['pvc-x', '/volumes/pvc-x'],
    ['..', '/volumes/..'],
    [name, `/volumes/${name}/`],
  ] as const)
    t.notOk(isHostPathOf(volumeName, where, ['/volumes']), where);
  t.notOk(isHostPathOf(name, path, []));
  t.end();
});
