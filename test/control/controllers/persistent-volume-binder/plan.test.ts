import t from 'tap';
import type { PersistentVolumeClaim } from '../../../../src/control/api/gen/core-v1.js';
import type { StorageClass } from '../../../../src/control/api/gen/storage-v1.js';
import {
  type ClaimNeeds,
  planClaim,
} from '../../../../src/control/controllers/persistent-volume-binder/plan-claim.js';
import {
  planVolume,
  type VolumeNeeds,
} from '../../../../src/control/controllers/persistent-volume-binder/plan-volume.js';
import { bound, claimOf, lineOf, volumeOf } from './objects.js';

const ref = { namespace: 'ns', name: 'data', uid: 'c-1' };
const shown = { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '2Gi' } };
const mark = { 'pv.kubernetes.io/bound-by-controller': 'yes' };

function classOf(
  name: string,
  provisioner: string,
  rest: Partial<StorageClass> = {},
): StorageClass {
  return { metadata: { name }, provisioner, ...rest };
}

const claims: readonly {
  readonly name: string;
  readonly needs: Partial<ClaimNeeds>;
  readonly expected: readonly string[];
}[] = [
  {
    name: 'is bound to a volume that fits',
    needs: { volumes: [volumeOf('a')] },
    expected: [
      'volume a -> ns/data/c-1 [bound-by-controller]',
      'volume a is Bound',
      'claim -> a [bind-completed bound-by-controller] slow',
      'claim is Bound 2Gi',
    ],
  },
  {
    name: 'is bound to the volume that a user has reserved for it',
    needs: { volumes: [volumeOf('a', { claimRef: { namespace: 'ns', name: 'data' } })] },
    expected: [
      'volume a -> ns/data/c-1 []',
      'volume a is Bound',
      'claim -> a [bind-completed bound-by-controller] slow',
      'claim is Bound 2Gi',
    ],
  },
  {
    name: 'is bound to the volume that it names',
    needs: { claim: claimOf({ volumeName: 'a' }), named: volumeOf('a') },
    expected: [
      'volume a -> ns/data/c-1 [bound-by-controller]',
      'volume a is Bound',
      'claim -> a [bind-completed] slow',
      'claim is Bound 2Gi',
    ],
  },
  {
    name: 'is bound to the end after a break',
    needs: { volumes: [volumeOf('a', { claimRef: ref }, { annotations: mark, phase: 'Bound' })] },
    expected: ['claim -> a [bind-completed bound-by-controller] slow', 'claim is Bound 2Gi'],
  },
  {
    name: 'is left alone when it is bound',
    needs: {
      claim: claimOf({ volumeName: 'a' }, { annotations: bound, status: shown }),
      named: volumeOf('a', { claimRef: ref }, { annotations: mark, phase: 'Bound' }),
    },
    expected: [],
  },
  {
    name: 'waits for a volume that it names and that is not there',
    needs: { claim: claimOf({ volumeName: 'a' }) },
    expected: [],
  },
  {
    name: 'cannot have a volume that does not fit',
    needs: {
      claim: claimOf({ volumeName: 'a' }),
      named: volumeOf('a', { capacity: { storage: '1Gi' } }),
    },
    expected: [
      'Warning VolumeMismatch data: Cannot bind to requested volume "a": requested PV is too small',
    ],
  },
  {
    name: 'cannot have a volume of somebody else',
    needs: {
      claim: claimOf({ volumeName: 'a' }),
      named: volumeOf('a', { claimRef: { ...ref, name: 'other' } }),
    },
    expected: ['Warning FailedBinding data: volume "a" already bound to a different claim.'],
  },
  {
    name: 'has lost its volume',
    needs: { claim: claimOf({ volumeName: 'a' }, { annotations: bound, status: shown }) },
    expected: [
      'claim is Lost',
      'Warning ClaimLost data: Bound claim has lost its PersistentVolume. Data on the volume is lost!',
    ],
  },
  {
    name: 'has lost the name of its volume',
    needs: { claim: claimOf({}, { annotations: bound, status: shown }) },
    expected: [
      'claim is Lost',
      'Warning ClaimLost data: Bound claim has lost reference to PersistentVolume. Data on the volume is lost!',
    ],
  },
  {
    name: 'has a volume that is another’s',
    needs: {
      claim: claimOf({ volumeName: 'a' }, { annotations: bound, status: shown }),
      named: volumeOf('a', { claimRef: { ...ref, uid: 'c-9' } }),
    },
    expected: [
      'claim is Lost',
      'Warning ClaimMisbound data: Two claims are bound to the same volume, this one is bound incorrectly',
    ],
  },
  {
    name: 'is told once that it is lost',
    needs: {
      claim: claimOf({ volumeName: 'a' }, { annotations: bound, status: { phase: 'Lost' } }),
    },
    expected: [],
  },
  {
    name: 'without a class waits for a volume',
    needs: { claim: claimOf({ storageClassName: '' }) },
    expected: [
      'Normal FailedBinding data: no persistent volumes available for this claim and no storage class is set',
    ],
  },
  {
    name: 'that says nothing of a class gets the youngest default',
    needs: {
      claim: silent(),
      classes: ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'].map((creationTimestamp, at) => ({
        metadata: {
          name: `default-${at}`,
          creationTimestamp,
          annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
        },
      })),
    },
    expected: ['claim -> none [] default-1'],
  },
  {
    name: 'of an unknown class fails',
    needs: {},
    expected: ['Warning ProvisioningFailed data: storageclass.storage.k8s.io "slow" not found'],
  },
  {
    name: 'of a class that makes nothing fails',
    needs: { classes: [classOf('slow', 'kubernetes.io/no-provisioner')] },
    expected: [
      'Warning ProvisioningFailed data: no volume plugin matched name: kubernetes.io/no-provisioner',
    ],
  },
  {
    name: 'is given to the provisioner of its class',
    needs: { classes: [classOf('slow', 'csi.test')] },
    expected: [
      'claim -> none [storage-provisioner storage-provisioner] slow',
      "Normal ExternalProvisioning data: Waiting for a volume to be created either by the external provisioner 'csi.test' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
    ],
  },
  {
    name: 'is not given to anybody when that is off',
    needs: {
      classes: [classOf('slow', 'csi.test')],
      rules: { isDynamic: false, hasHostPath: true },
    },
    expected: [],
  },
  {
    name: 'gets a host path',
    needs: { classes: [classOf('slow', 'flotilla.dev/host-path')] },
    expected: [
      'claim -> none [storage-provisioner storage-provisioner] slow',
      'create-volume pvc-c-1',
      'Normal ProvisioningSucceeded data: Successfully provisioned volume pvc-c-1 using flotilla.dev/host-path',
    ],
  },
  {
    name: 'waits for its first pod',
    needs: { classes: [waiting()], volumes: [volumeOf('a')] },
    expected: [
      'Normal WaitForFirstConsumer data: waiting for first consumer to be created before binding',
    ],
  },
  {
    name: 'waits for its pods to get a node',
    needs: { classes: [waiting()], waitingPods: ['x', 'y'] },
    expected: ['Normal WaitForPodScheduled data: waiting for pods x,y to be scheduled'],
  },
  {
    name: 'is given to the provisioner once there is a node',
    needs: {
      claim: claimOf(
        {},
        {
          annotations: {
            'volume.kubernetes.io/selected-node': 'n',
            'volume.kubernetes.io/storage-provisioner': 'flotilla.dev/host-path',
            'volume.beta.kubernetes.io/storage-provisioner': 'flotilla.dev/host-path',
          },
        },
      ),
      classes: [waiting()],
    },
    expected: [
      'create-volume pvc-c-1',
      'Normal ProvisioningSucceeded data: Successfully provisioned volume pvc-c-1 using flotilla.dev/host-path',
    ],
  },
];

function silent(): PersistentVolumeClaim {
  const { storageClassName: _, ...spec } = claimOf().spec ?? {};
  return { ...claimOf(), spec };
}

function waiting(): StorageClass {
  return classOf('slow', 'flotilla.dev/host-path', { volumeBindingMode: 'WaitForFirstConsumer' });
}

for (const { name, needs, expected } of claims) {
  t.test(`planClaim: a claim ${name}`, (t) => {
    const actions = planClaim({
      claim: claimOf(),
      named: undefined,
      volumes: [],
      classes: [],
      waitingPods: [],
      rules: { isDynamic: true, hasHostPath: true },
      ...needs,
    });
    t.same(actions.map(lineOf), expected);
    t.end();
  });
}

const made = { 'pv.kubernetes.io/provisioned-by': 'flotilla.dev/host-path' };
const volumes: readonly {
  readonly name: string;
  readonly needs: Partial<VolumeNeeds> & Pick<VolumeNeeds, 'volume'>;
  readonly expected: readonly string[];
}[] = [
  {
    name: 'of nobody is available',
    needs: { volume: volumeOf('a', {}, { phase: 'Pending' }) },
    expected: ['volume a is Available'],
  },
  {
    name: 'that is reserved is available',
    needs: {
      volume: volumeOf('a', { claimRef: { namespace: 'ns', name: 'data' } }, { phase: 'Pending' }),
    },
    expected: ['volume a is Available'],
  },
  {
    name: 'of its claim is bound',
    needs: { volume: volumeOf('a', { claimRef: ref }), claim: claimOf({ volumeName: 'a' }) },
    expected: ['volume a is Bound'],
  },
  {
    name: 'whose claim does not know it sends for it',
    needs: { volume: volumeOf('a', { claimRef: ref }), claim: claimOf() },
    expected: ['look at ns/data'],
  },
  {
    name: 'of another mode than its claim tells both',
    needs: { volume: volumeOf('a', { claimRef: ref, volumeMode: 'Block' }), claim: claimOf() },
    expected: [
      'Warning VolumeMismatch a: Cannot bind PersistentVolume to requested PersistentVolumeClaim "data" due to incompatible volumeMode.',
      'Warning VolumeMismatch data: Cannot bind PersistentVolume "a" to requested PersistentVolumeClaim due to incompatible volumeMode.',
    ],
  },
  {
    name: 'whose claim has another lets it go',
    needs: {
      volume: volumeOf('a', { claimRef: ref }, { annotations: mark, phase: 'Bound' }),
      claim: claimOf({ volumeName: 'b' }),
    },
    expected: ['volume a -> none []', 'volume a is Available'],
  },
  {
    name: 'that a user has reserved stays reserved when its claim has another',
    needs: {
      volume: volumeOf('a', { claimRef: ref }, { phase: 'Bound' }),
      claim: claimOf({ volumeName: 'b' }),
    },
    expected: ['volume a -> ns/data/ []', 'volume a is Available'],
  },
  {
    name: 'that was made for a claim that has another is deleted',
    needs: {
      volume: volumeOf(
        'a',
        { claimRef: ref, persistentVolumeReclaimPolicy: 'Delete' },
        { annotations: made },
      ),
      claim: claimOf({ volumeName: 'b' }),
    },
    expected: ['volume a is Released', 'delete-volume a'],
  },
  {
    name: 'is retained',
    needs: {
      volume: volumeOf('a', { claimRef: ref, persistentVolumeReclaimPolicy: 'Retain' }),
    },
    expected: ['volume a is Released'],
  },
  {
    name: 'of an older claim of the name is released',
    needs: {
      volume: volumeOf('a', { claimRef: { ...ref, uid: 'c-0' } }, { phase: 'Bound' }),
      claim: claimOf({ volumeName: 'a' }),
    },
    expected: ['volume a is Released'],
  },
  {
    name: 'that somebody else has made is theirs to delete',
    needs: {
      volume: volumeOf(
        'a',
        { claimRef: ref, persistentVolumeReclaimPolicy: 'Delete' },
        {
          annotations: { 'pv.kubernetes.io/provisioned-by': 'csi.test' },
          phase: 'Released',
        },
      ),
    },
    expected: [],
  },
  {
    name: 'that nobody can delete has failed',
    needs: {
      volume: volumeOf('a', { claimRef: ref, persistentVolumeReclaimPolicy: 'Delete' }),
    },
    expected: [
      'volume a is Released',
      'volume a is Failed: error getting deleter volume plugin for volume "a": no deletable volume plugin matched',
      'Warning VolumeFailedDelete a: error getting deleter volume plugin for volume "a": no deletable volume plugin matched',
    ],
  },
  {
    name: 'that has failed says so once',
    needs: {
      volume: volumeOf(
        'a',
        { claimRef: ref, persistentVolumeReclaimPolicy: 'Recycle' },
        { phase: 'Failed' },
      ),
    },
    expected: [],
  },
  {
    name: 'cannot be recycled',
    needs: {
      volume: volumeOf(
        'a',
        { claimRef: ref, persistentVolumeReclaimPolicy: 'Recycle' },
        { phase: 'Released' },
      ),
    },
    expected: [
      'volume a is Failed: No recycler plugin found for the volume!',
      'Warning VolumeFailedRecycle a: No recycler plugin found for the volume!',
    ],
  },
];

for (const { name, needs, expected } of volumes) {
  t.test(`planVolume: a volume ${name}`, (t) => {
    t.same(planVolume({ claim: undefined, ...needs }).map(lineOf), expected);
    t.end();
  });
}
