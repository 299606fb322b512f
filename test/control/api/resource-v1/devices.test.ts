import t from 'tap';
import { KindRig } from '../kind-rig.js';

const claims = new KindRig('resource.k8s.io/v1', 'ResourceClaim');
const slices = new KindRig('resource.k8s.io/v1', 'ResourceSlice');
const classes = new KindRig('resource.k8s.io/v1', 'DeviceClass');

const request = (more: object = {}) => ({
  name: 'r',
  exactly: { deviceClassName: 'gpu', ...more },
});
const claim = (devices: object) => ({ spec: { devices } });

t.test('ResourceClaim is filled in, stays, and refuses what Kubernetes refuses', async (t) => {
  const draft = claim({ requests: [request()] });
  t.match(claims.created(draft).spec, {
    devices: { requests: [{ exactly: { allocationMode: 'ExactCount', count: 1 } }] },
  });
  t.same(claims.createErrors(draft), []);
  const at = 'spec.devices.requests[0]';
  t.same(claims.createErrors(claim({ requests: [{ name: 'r' }] })), [
    `${at}: Required value: exactly one of \`exactly\` or \`firstAvailable\` is required`,
  ]);
  t.same(claims.createErrors(claim({ requests: [request({ allocationMode: 'All', count: 2 })] })), [
    `${at}.exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'`,
  ]);
  t.same(claims.createErrors(claim({ requests: [request(), request()] })), [
    'spec.devices.requests[1]: Duplicate value: "r"',
  ]);
  const constraints = [{ requests: ['s'], matchAttribute: 'model' }];
  t.same(claims.createErrors(claim({ requests: [request()], constraints })), [
    'spec.devices.constraints[0].requests[0]: Invalid value: "s": must be the name of a request in the claim or the name of a request and a subrequest separated by \'/\'',
    'spec.devices.constraints[0].matchAttribute: Invalid value: "model": a fully qualified name must be a domain and a name separated by a slash',
  ]);
  t.match(claims.updateErrors(claim({ requests: [] }), draft), [
    /^spec: Invalid value: .*: field is immutable$/,
  ]);
});

t.test('ResourceClaim is allocated before it is reserved', async (t) => {
  const draft = claim({ requests: [request()] });
  const consumer = { resource: 'pods', name: 'p', uid: 'u' };
  t.same(claims.statusErrors({ ...draft, status: { reservedFor: [consumer] } }, draft), [
    'status.reservedFor: Forbidden: may not be specified when `allocated` is not set',
  ]);
  const result = { request: 'r', driver: 'd.example.com', pool: 'p', device: 'g' };
  const allocation = { devices: { results: [result] } };
  const status = { allocation, reservedFor: [consumer] };
  t.same(claims.statusErrors({ ...draft, status }, draft), []);
  t.equal(claims.cells({ ...draft, status })[1], 'allocated,reserved');
  t.equal(claims.cells(draft)[1], 'pending');
});

const slice = (device: object, more: object = {}) => ({
  spec: {
    driver: 'd.example.com',
    pool: { name: 'p', resourceSliceCount: 1 },
    nodeName: 'n',
    devices: [{ name: 'g', ...device }],
    ...more,
  },
});

t.test('ResourceSlice refuses what Kubernetes refuses', async (t) => {
  t.same(slices.createErrors(slice({ attributes: { model: { string: 'a' } } })), []);
  t.same(slices.createErrors(slice({}, { allNodes: true })), [
    'spec: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set',
  ]);
  const at = 'spec.devices[0]';
  t.same(
    slices
      .createErrors(slice({ attributes: { a: {}, b: { version: '1' }, '9': { int: 1 } } }))
      .map((text) => text.replace(/ \(e\.g.*/, '')),
    [
      `${at}.attributes[9]: Invalid value: "9": a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'`,
      `${at}.attributes[a]: Invalid value: "": exactly one value must be specified`,
      `${at}.attributes[b].version: Invalid value: "1": must be a string compatible with semver.org spec 2.0.0`,
    ],
  );
  const requestPolicy = { default: '3', validRange: { min: '1', max: '8', step: '2' } };
  const capacity = { memory: { value: '8', requestPolicy } };
  t.same(slices.createErrors(slice({ capacity })), [
    `${at}.capacity[memory].requestPolicy: Forbidden: allowMultipleAllocations must be true`,
  ]);
  t.same(slices.createErrors(slice({ capacity, allowMultipleAllocations: true })), [
    `${at}.capacity[memory].requestPolicy.validRange.step: Invalid value: "8": value is not a multiple of a given step (2) from (1)`,
  ]);
  const taints = [{ key: 'k', effect: 'NoSchedule' }];
  t.match(slices.created(slice({ taints })).spec, {
    devices: [{ taints: [{ timeAdded: '2026-01-01T00:00:00Z' }] }],
  });
  const other = slice({}, { driver: 'e.example.com' });
  t.same(slices.updateErrors(other, slice({})), [
    'spec.driver: Invalid value: "e.example.com": field is immutable',
  ]);
});

t.test('DeviceClass checks its parts', async (t) => {
  t.same(
    classes.createErrors({ spec: { selectors: [{}], config: [{}], extendedResourceName: 'cpu' } }),
    [
      'spec.selectors[0].cel: Required value',
      'spec.config[0].opaque: Required value',
      'spec.extendedResourceName: Invalid value: "cpu": must be a valid extended resource name',
    ],
  );
});
