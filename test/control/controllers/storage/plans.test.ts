import t from 'tap';
import type { Node, PersistentVolume, Pod } from '../../../../src/control/api/gen/core-v1.js';
import type { ResourceClaim } from '../../../../src/control/api/gen/resource-v1.js';
import type { VolumeAttachment } from '../../../../src/control/api/gen/storage-v1.js';
import { attachmentOf } from '../../../../src/control/controllers/attach-detach/attachment.js';
import {
  type AttachNeeds,
  attachedVolumes,
  planAttachments,
} from '../../../../src/control/controllers/attach-detach/plan.js';
import { planEphemeralClaims } from '../../../../src/control/controllers/ephemeral-volume/plan.js';
import { planExpansion } from '../../../../src/control/controllers/persistent-volume-expander/plan.js';
import { planResourceClaim } from '../../../../src/control/controllers/resource-claim/plan-claim.js';
import { planPodClaims } from '../../../../src/control/controllers/resource-claim/plan-pod.js';
import {
  planProtection,
  withFinalizer,
} from '../../../../src/control/controllers/storage-protection/plan.js';
import { bound, claimOf, volumeOf } from '../persistent-volume-binder/objects.js';

const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z' };

t.test('planProtection: what lives is held, what is deleted is let go when nobody uses it', (t) => {
  const rows = [
    [{}, false, 'add'],
    [{ finalizers: ['f'] }, false, 'nothing'],
    [{ finalizers: ['f'] }, true, 'nothing'],
    [{ finalizers: ['other'] }, true, 'add'],
    [{ finalizers: ['f'], ...deleted }, true, 'nothing'],
    [{ finalizers: ['f'], ...deleted }, false, 'ask'],
    [{ finalizers: ['other'], ...deleted }, false, 'nothing'],
  ] as const;
  for (const [metadata, isUsed, expected] of rows) {
    const object = {
      metadata: {
        ...metadata,
        finalizers: [...('finalizers' in metadata ? metadata.finalizers : [])],
      },
    };
    t.equal(planProtection(object, 'f', isUsed), expected, JSON.stringify(metadata));
  }
  const object = { metadata: { finalizers: ['a', 'f'] } };
  t.same(withFinalizer(object, 'f', 'remove').metadata.finalizers, ['a']);
  t.same(withFinalizer(object, 'g', 'add').metadata.finalizers, ['a', 'f', 'g']);
  t.end();
});

t.test(
  'planEphemeralClaims: claims are made for the volumes of a pod, of which others are none',
  (t) => {
    const ephemeral = { volumeClaimTemplate: { spec: { storageClassName: 'slow' } } };
    const pod: Pod = {
      metadata: { name: 'p', namespace: 'ns', uid: 'p-1' },
      spec: {
        volumes: [
          { name: 'a', ephemeral },
          { name: 'b', emptyDir: {} },
          { name: 'c', ephemeral },
        ],
      },
    };
    const taken = { metadata: { name: 'p-c', namespace: 'ns' } };
    const steps = planEphemeralClaims(pod, (name) => (name === 'p-c' ? taken : undefined));
    t.match(steps, [
      { kind: 'create', claim: { metadata: { name: 'p-a', ownerReferences: [{ uid: 'p-1' }] } } },
      {
        kind: 'refuse',
        volume: 'c',
        message: 'PVC ns/p-c was not created for pod ns/p (pod is not owner)',
      },
    ]);
    t.equal(steps.length, 2);
    const going = { ...pod, metadata: { ...pod.metadata, ...deleted } };
    t.same(
      planEphemeralClaims(going, () => undefined),
      [],
    );
    t.end();
  },
);

t.test('planExpansion: a volume grows when its claim asks for more', (t) => {
  const status = { phase: 'Bound', capacity: { storage: '1Gi' } };
  const claim = claimOf({ volumeName: 'a' }, { annotations: bound, status });
  const claimRef = { namespace: 'ns', name: 'data', uid: 'c-1' };
  const small = { capacity: { storage: '1Gi' }, claimRef };
  const ours = { annotations: { 'pv.kubernetes.io/provisioned-by': 'flotilla.dev/host-path' } };
  const kinds = (volume: PersistentVolume | undefined, of = claim) =>
    planExpansion(of, volume).map((each) => (each.kind === 'event' ? each.reason : each.kind));
  t.same(kinds(volumeOf('a', small, ours)), [
    'write-volume',
    'write-claim-status',
    'VolumeResizeSuccessful',
  ]);
  t.same(kinds(volumeOf('a', { claimRef }, ours)), [
    'write-claim-status',
    'VolumeResizeSuccessful',
  ]);
  const csi = { driver: 'csi.test', volumeHandle: 'h' };
  t.same(kinds(volumeOf('a', { ...small, csi })), ['write-claim', 'ExternalExpanding']);
  t.same(kinds(volumeOf('a', small)), ['ExternalExpanding']);
  t.same(kinds(undefined), []);
  t.same(kinds(volumeOf('a', { ...small, claimRef: { ...claimRef, uid: 'c-2' } }, ours)), []);
  const large = { ...claim, status: { phase: 'Bound', capacity: { storage: '2Gi' } } };
  t.same(kinds(volumeOf('a', small, ours), large), [], 'it is large enough');
  t.end();
});

const csi = { driver: 'd', volumeHandle: 'h' };
const disk = volumeOf('disk', { csi });
const shared = volumeOf('disk', { csi, accessModes: ['ReadWriteMany'] });

function attachment(node: string, attached?: boolean, error?: string): VolumeAttachment {
  const made = attachmentOf({ node, volume: disk, pods: [] });
  const attachError = error === undefined ? {} : { attachError: { message: error } };
  return attached === undefined ? made : { ...made, status: { attached, ...attachError } };
}

function nodeWith(name: string, isReady: boolean, rest: Partial<Node> = {}): Node {
  const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'Unknown' }];
  const status = { conditions, volumesInUse: ['kubernetes.io/csi/d^h'] };
  return { metadata: { name }, status, ...rest };
}

const outOfService = [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }];
const attachCases: readonly {
  readonly name: string;
  readonly volume?: PersistentVolume;
  readonly wanted: readonly string[];
  readonly existing: readonly VolumeAttachment[];
  readonly node?: Node;
  readonly needs?: Partial<AttachNeeds>;
  readonly expected: readonly string[];
}[] = [
  { name: 'is attached where it is wanted', wanted: ['a'], existing: [], expected: ['attach a'] },
  {
    name: 'is told of when it is attached',
    wanted: ['a'],
    existing: [attachment('a', true)],
    expected: ['attached AttachVolume.Attach succeeded for volume "disk" '],
  },
  {
    name: 'is told of when it cannot be attached',
    wanted: ['a'],
    existing: [attachment('a', false, 'no')],
    expected: ['failed AttachVolume.Attach failed for volume "disk" : no'],
  },
  {
    name: 'is on one node alone',
    wanted: ['a', 'b'],
    existing: [],
    expected: [
      'attach a',
      'refuse Multi-Attach error for volume "disk" Volume is already used by pod(s) on another node',
    ],
  },
  {
    name: 'is on many nodes when it may be shared',
    volume: shared,
    wanted: ['a', 'b'],
    existing: [],
    expected: ['attach a', 'attach b'],
  },
  {
    name: 'waits until the other node has let go',
    wanted: ['b'],
    existing: [attachment('a', true)],
    node: nodeWith('a', true),
    expected: [
      'refuse Multi-Attach error for volume "disk" Volume is already exclusively attached to one node and can\'t be attached to another',
    ],
  },
  {
    name: 'is detached when nobody wants it and the node does not use it',
    wanted: [],
    existing: [attachment('a', true)],
    node: nodeWith('a', true, { status: {} }),
    expected: ['detach a'],
  },
  {
    name: 'is detached when the node is gone',
    wanted: [],
    existing: [attachment('a', true)],
    expected: ['detach a'],
  },
  {
    name: 'is taken from a node that is out of service',
    wanted: [],
    existing: [attachment('a', true)],
    node: nodeWith('a', false, { spec: { taints: outOfService } }),
    expected: ['detach a'],
  },
  {
    name: 'is waited for when the node is lost',
    wanted: [],
    existing: [attachment('a', true)],
    node: nodeWith('a', false),
    needs: { unwantedSince: new Map([['a/disk', 400]]) },
    expected: ['wait 900'],
  },
  {
    name: 'is taken from a lost node after a time',
    wanted: [],
    existing: [attachment('a', true)],
    node: nodeWith('a', false),
    needs: { unwantedSince: new Map([['a/disk', -500]]) },
    expected: ['detach a'],
  },
  {
    name: 'is never taken by force when that is off',
    wanted: [],
    existing: [attachment('a', true)],
    node: nodeWith('a', false),
    needs: { forceAfterMs: null, unwantedSince: new Map([['a/disk', -5000]]) },
    expected: [],
  },
];

for (const { name, volume = disk, wanted, existing, node, needs, expected } of attachCases) {
  t.test(`planAttachments: a volume ${name}`, (t) => {
    const steps = planAttachments({
      volume,
      wanted: wanted.map((each) => ({ node: each, volume, pods: [`ns/${each}`] })),
      existing,
      nodeOf: () => node,
      unwantedSince: new Map(),
      nowMs: 1000,
      forceAfterMs: 1500,
      ...needs,
    });
    const lines = steps.map((step) => {
      if (step.kind === 'wait') return `wait ${step.ms}`;
      if (step.kind === 'attach' || step.kind === 'detach') {
        return `${step.kind} ${step.attachment.spec?.nodeName}`;
      }
      return `${step.kind} ${step.message}`;
    });
    t.same(lines, expected);
    t.end();
  });
}

t.test('attachedVolumes: a node says what it has', (t) => {
  const name = 'kubernetes.io/csi/d^h';
  const volumeOfName = () => disk;
  const node = nodeWith('a', true);
  t.same(attachedVolumes(node, [attachment('a', true)], volumeOfName), [{ name, devicePath: '' }]);
  t.equal(attachedVolumes(node, [attachment('a')], volumeOfName), null, 'not before it has it');
  const says = { ...node, status: { volumesAttached: [{ name, devicePath: '/dev/x' }] } };
  t.equal(attachedVolumes(says, [attachment('a', true)], volumeOfName), null, 'it says so');
  t.same(attachedVolumes(says, [], volumeOfName), []);
  t.end();
});

const pod: Pod = {
  metadata: { name: 'p', namespace: 'ns', uid: 'p-1' },
  spec: {
    nodeName: 'n',
    resourceClaims: [
      { name: 'own', resourceClaimTemplateName: 'gpu' },
      { name: 'given', resourceClaimName: 'shared' },
    ],
  },
};
const finalizers = ['resource.kubernetes.io/delete-protection'];
const user = { resource: 'pods', name: 'p', uid: 'p-1' };

function resourceClaim(
  status: ResourceClaim['status'] = {},
  metadata: Partial<ResourceClaim['metadata']> = {},
): ResourceClaim {
  return { metadata: { name: 'shared', namespace: 'ns', uid: 'r-1', ...metadata }, status };
}

t.test('planPodClaims: templates become claims, and a placed pod reserves what it uses', (t) => {
  const shared = resourceClaim({ allocation: {} });
  const needs = {
    pod,
    claimOf: (name: string) => (name === 'shared' ? shared : undefined),
    own: [],
    templateOf: () => ({ metadata: { name: 'gpu' }, spec: { spec: { devices: {} } } }),
  };
  const plan = planPodClaims(needs);
  t.match(plan.create, [{ podClaim: 'own', claim: { metadata: { generateName: 'p-own-' } } }]);
  t.same(plan.reserve[0]?.status?.reservedFor, [user]);
  const made = resourceClaim(
    {},
    {
      name: 'p-own-x',
      annotations: { 'resource.kubernetes.io/pod-claim-name': 'own' },
    },
  );
  const again = planPodClaims({ ...needs, own: [made] });
  t.same(again.create, []);
  t.same(again.statuses, [{ name: 'own', resourceClaimName: 'p-own-x' }]);
  const without = planPodClaims({ ...needs, templateOf: () => undefined });
  t.match(without.problems, [/resource claim template "gpu"/]);
  const over = planPodClaims({ ...needs, pod: { ...pod, status: { phase: 'Failed' } } });
  t.same([over.create, over.reserve], [[], []]);
  t.end();
});

const claimCases: readonly {
  readonly name: string;
  readonly claim: ResourceClaim;
  readonly pod: Pod | undefined;
  readonly expected: readonly string[];
}[] = [
  {
    name: 'in use stays',
    claim: resourceClaim({ allocation: {}, reservedFor: [user] }, { finalizers }),
    pod,
    expected: [],
  },
  {
    name: 'of a pod that is done is free',
    claim: resourceClaim({ allocation: {}, reservedFor: [user] }, { finalizers }),
    pod: { ...pod, status: { phase: 'Succeeded' } },
    expected: ['write-status {}', 'remove-finalizer'],
  },
  {
    name: 'of a pod that is gone is free',
    claim: resourceClaim({ allocation: {}, reservedFor: [user] }, { finalizers }),
    pod: undefined,
    expected: ['write-status {}', 'remove-finalizer'],
  },
  {
    name: 'of an older pod of the name is free',
    claim: resourceClaim(
      { allocation: {}, reservedFor: [{ ...user, uid: 'p-0' }] },
      { finalizers },
    ),
    pod,
    expected: ['write-status {}', 'remove-finalizer'],
  },
  {
    name: 'that others use keeps its allocation',
    claim: resourceClaim(
      {
        allocation: {},
        reservedFor: [
          { ...user, uid: 'p-0' },
          { apiGroup: 'x.test', resource: 'things', name: 't', uid: 't' },
        ],
      },
      { finalizers },
    ),
    pod,
    expected: [
      'write-status {"allocation":{},"reservedFor":[{"apiGroup":"x.test","resource":"things","name":"t","uid":"t"}]}',
    ],
  },
  {
    name: 'that is allocated to nobody stays allocated',
    claim: resourceClaim({ allocation: {} }, { finalizers }),
    pod,
    expected: [],
  },
  {
    name: 'that is deleted is let go',
    claim: resourceClaim({ allocation: {} }, { finalizers, ...deleted }),
    pod,
    expected: ['write-status {}', 'remove-finalizer'],
  },
  {
    name: 'that was made for a pod goes when that is done',
    claim: resourceClaim(
      {},
      {
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'p-1', controller: true },
        ],
      },
    ),
    pod: { ...pod, status: { phase: 'Failed' } },
    expected: ['delete'],
  },
];

for (const { name, claim, pod: known, expected } of claimCases) {
  t.test(`planResourceClaim: a claim ${name}`, (t) => {
    const steps = planResourceClaim(claim, () => known);
    const lines = steps.map((step) =>
      step.kind === 'write-status'
        ? `${step.kind} ${JSON.stringify(step.claim.status)}`
        : step.kind,
    );
    t.same(lines, expected);
    t.end();
  });
}
