import t from 'tap';
import type { PersistentVolume } from '../../../../src/control/api/gen/core-v1.js';
import {
  bestVolume,
  mismatchOf,
} from '../../../../src/control/controllers/persistent-volume-binder/match.js';
import { claimOf, volumeOf } from './objects.js';

const ours = { namespace: 'ns', name: 'data' };
const sized = (storage: string) => ({ capacity: { storage } });
const cases: readonly {
  readonly name: string;
  readonly claim?: ReturnType<typeof claimOf>;
  readonly volumes: readonly PersistentVolume[];
  readonly onlyReserved?: boolean;
  readonly expected: string | null;
}[] = [
  { name: 'there are none', volumes: [], expected: null },
  {
    name: 'the smallest that is large enough',
    volumes: [volumeOf('a', sized('9Gi')), volumeOf('b', sized('3G')), volumeOf('c', sized('1Gi'))],
    expected: 'b',
  },
  {
    name: 'one of the same size is large enough',
    volumes: [volumeOf('a', sized('2048Mi'))],
    expected: 'a',
  },
  {
    name: 'another class is none of it',
    volumes: [volumeOf('a', { storageClassName: 'fast' })],
    expected: null,
  },
  {
    name: 'the class of the old annotation counts',
    volumes: [
      volumeOf(
        'a',
        { storageClassName: '' },
        {
          annotations: { 'volume.beta.kubernetes.io/storage-class': 'slow' },
        },
      ),
    ],
    expected: 'a',
  },
  {
    name: 'all modes are needed, and fewer are better than a fitting size',
    claim: claimOf({ accessModes: ['ReadOnlyMany'] }),
    volumes: [
      volumeOf('a'),
      volumeOf('b', { accessModes: ['ReadOnlyMany', 'ReadWriteOnce'] }),
      volumeOf('c', { accessModes: ['ReadOnlyMany'], ...sized('9Gi') }),
    ],
    expected: 'c',
  },
  {
    name: 'a block device is no file system',
    volumes: [volumeOf('a', { volumeMode: 'Block' })],
    expected: null,
  },
  {
    name: 'labels are obeyed',
    claim: claimOf({ selector: { matchLabels: { tier: 'gold' } } }),
    volumes: [volumeOf('a'), volumeOf('b', {}, { labels: { tier: 'gold' } })],
    expected: 'b',
  },
  {
    name: 'one that is being deleted is none',
    volumes: [volumeOf('a', {}, { deletionTimestamp: '2026-01-01T00:00:00Z' })],
    expected: null,
  },
  {
    name: 'one of another claim is none',
    volumes: [volumeOf('a', { claimRef: { ...ours, name: 'other' } })],
    expected: null,
  },
  {
    name: 'one that was for a claim of the same name is none',
    volumes: [volumeOf('a', { claimRef: { ...ours, uid: 'c-0' } })],
    expected: null,
  },
  {
    name: 'one that is reserved comes before a smaller one, whatever its class',
    volumes: [
      volumeOf('a'),
      volumeOf('b', { claimRef: ours, storageClassName: 'x', ...sized('9Gi') }),
    ],
    expected: 'b',
  },
  {
    name: 'one that is reserved and too small is none',
    volumes: [volumeOf('a'), volumeOf('b', { claimRef: ours, ...sized('1Gi') })],
    expected: 'a',
  },
  {
    name: 'a claim that waits for its pod gets what is reserved for it alone',
    volumes: [volumeOf('a')],
    onlyReserved: true,
    expected: null,
  },
  {
    name: 'attributes have to be the same',
    claim: claimOf({ volumeAttributesClassName: 'gold' }),
    volumes: [volumeOf('a'), volumeOf('b', { volumeAttributesClassName: 'gold', ...sized('9Gi') })],
    expected: 'b',
  },
];

for (const { name, claim = claimOf(), volumes, onlyReserved = false, expected } of cases) {
  t.test(`bestVolume: ${name}`, (t) => {
    for (const order of [volumes, [...volumes].reverse()]) {
      const found = bestVolume(claim, order, { onlyReserved });
      t.equal(found?.metadata.name ?? null, expected);
    }
    t.end();
  });
}

t.test('mismatchOf: says why a volume does not fit', (t) => {
  const reasons = [
    {},
    sized('1Gi'),
    { storageClassName: 'fast' },
    { volumeAttributesClassName: 'gold' },
    { volumeMode: 'Block' },
    { accessModes: ['ReadOnlyMany'] },
  ].map((spec) => mismatchOf(claimOf(), volumeOf('a', spec)));
  t.same(reasons, [
    null,
    'requested PV is too small',
    'storageClassName does not match',
    'volumeAttributesClassName does not match',
    'incompatible volumeMode',
    'incompatible accessMode',
  ]);
  t.end();
});
