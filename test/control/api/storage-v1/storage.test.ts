import t from 'tap';
import { KindRig } from '../kind-rig.js';

const classes = new KindRig('storage.k8s.io/v1', 'StorageClass');
const drivers = new KindRig('storage.k8s.io/v1', 'CSIDriver');
const nodes = new KindRig('storage.k8s.io/v1', 'CSINode');
const attachments = new KindRig('storage.k8s.io/v1', 'VolumeAttachment');
const attributes = new KindRig('storage.k8s.io/v1', 'VolumeAttributesClass');
const priorities = new KindRig('scheduling.k8s.io/v1', 'PriorityClass');
const leases = new KindRig('coordination.k8s.io/v1', 'Lease');
const runtimes = new KindRig('node.k8s.io/v1', 'RuntimeClass');

t.test('StorageClass is filled in, and stays as it was made', async (t) => {
  const draft = { provisioner: 'x.example.com/y' };
  t.match(classes.created(draft), { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' });
  t.same(classes.createErrors({}), ['provisioner: Required value']);
  t.same(classes.createErrors({ ...draft, reclaimPolicy: 'Recycle' }), [
    'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
  ]);
  const changed = {
    provisioner: 'z',
    parameters: { a: 'b' },
    volumeBindingMode: 'WaitForFirstConsumer',
  };
  t.same(classes.updateErrors(changed, draft), [
    'parameters: Forbidden: updates to parameters are forbidden.',
    'provisioner: Forbidden: updates to provisioner are forbidden.',
    'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
  ]);
  const term = { matchLabelExpressions: [{ key: 'zone', values: ['a'] }] };
  t.same(classes.createErrors({ ...draft, allowedTopologies: [term, term] }), [
    'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
  ]);
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
  t.equal(classes.cells({ ...draft, metadata: { annotations } })[0], 'x (default)');
});

t.test('CSIDriver is filled in, and refuses what Kubernetes refuses', async (t) => {
  t.same(drivers.created({}).spec, {
    attachRequired: true,
    podInfoOnMount: false,
    storageCapacity: false,
    fsGroupPolicy: 'ReadWriteOnceWithFSType',
    volumeLifecycleModes: ['Persistent'],
    requiresRepublish: false,
    seLinuxMount: false,
  });
  const tokenRequests = [{ audience: 'a', expirationSeconds: 60 }, { audience: 'a' }];
  t.same(drivers.createErrors({ spec: { tokenRequests, fsGroupPolicy: 'All' } }), [
    'spec.fsGroupPolicy: Unsupported value: "All": supported values: "File", "None", "ReadWriteOnceWithFSType"',
    'spec.tokenRequests[0].expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
    'spec.tokenRequests[1].audience: Duplicate value: "a"',
  ]);
  t.same(drivers.updateErrors({ spec: { attachRequired: false } }, {}), [
    'spec.attachedRequired: Invalid value: false: field is immutable',
  ]);
});

t.test('CSINode keeps what a driver says, but for its limit', async (t) => {
  const of = (count: number, nodeID = 'n') => ({
    spec: { drivers: [{ name: 'd.example.com', nodeID, allocatable: { count } }] },
  });
  t.same(nodes.updateErrors(of(2), of(1)), []);
  t.same(nodes.updateErrors(of(1, 'm'), of(1)), [
    'spec.drivers: Invalid value: {"name":"d.example.com","nodeID":"m"}: field is immutable',
  ]);
  t.same(nodes.createErrors({ spec: { drivers: [{ name: 'd', topologyKeys: ['a', 'a'] }] } }), [
    'spec.drivers[0].nodeID: Required value',
    'spec.drivers[0]: Duplicate value: "a"',
  ]);
});

t.test('VolumeAttachment and VolumeAttributesClass stay as they were made', async (t) => {
  const spec = { attacher: 'a.example.com', nodeName: 'n', source: { persistentVolumeName: 'pv' } };
  t.same(attachments.createErrors({ spec }), []);
  t.same(attachments.createErrors({ spec: { ...spec, source: {} } }), [
    'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
  ]);
  t.match(attachments.updateErrors({ spec: { ...spec, nodeName: 'm' } }, { spec }), [
    /^spec: Invalid value: .*: field is immutable$/,
  ]);
  t.same(attributes.createErrors({ driverName: 'd' }), [
    'parameters: Required value: must contain at least one key/value pair',
  ]);
});

t.test('PriorityClass leaves the highest priorities to the system', async (t) => {
  t.match(priorities.created({ value: 1 }), { preemptionPolicy: 'PreemptLowerPriority' });
  t.same(priorities.createErrors({ value: 1_000_000_001 }), [
    'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
  ]);
  const reserved =
    "priority class names with 'system-' prefix are reserved for system use only. error: ";
  const cases: [name: string, value: number, problem: string | undefined][] = [
    ['system-node-critical', 2_000_001_000, undefined],
    ['system-node-critical', 1, 'value of system-node-critical PriorityClass must be 2000001000'],
    ['system-mine', 1, 'system-mine is not a known system priority class'],
  ];
  for (const [name, value, problem] of cases) {
    const errors = problem === undefined ? [] : [`metadata.name: Forbidden: ${reserved}${problem}`];
    t.same(priorities.createErrors({ metadata: { name }, value }), errors);
  }
  t.same(priorities.updateErrors({ value: 2, preemptionPolicy: 'Never' }, { value: 1 }), [
    'value: Forbidden: may not be changed in an update.',
    'preemptionPolicy: Invalid value: "Never": field is immutable',
  ]);
});

t.test('Lease and RuntimeClass refuse what Kubernetes refuses', async (t) => {
  t.same(leases.createErrors({ spec: { leaseDurationSeconds: 0, strategy: 'Mine' } }), [
    'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
    'spec.strategy.strategy: Unsupported value: "Mine": supported values: "OldestEmulationVersion"',
  ]);
  t.same(leases.createErrors({ spec: { preferredHolder: 'me' } }), [
    'spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined',
  ]);
  t.same(runtimes.updateErrors({ handler: 'b' }, { handler: 'a' }), [
    'handler: Invalid value: "b": field is immutable',
  ]);
  const toleration = { key: 'a', operator: 'Exists' };
  t.match(
    runtimes.createErrors({ handler: 'a', scheduling: { tolerations: [toleration, toleration] } }),
    [/^scheduling\.tolerations\[1\]: Duplicate value: /],
  );
});
