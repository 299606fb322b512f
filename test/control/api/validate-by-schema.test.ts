import t from 'tap';
import { canonicalObject } from '../../../src/control/api/codec/decode.js';
import { Scheme } from '../../../src/control/api/scheme.js';
import { validateBySchema } from '../../../src/control/api/validate-by-schema.js';
import type { KubeObject } from '../../../src/control/machinery/object.js';

const scheme = new Scheme();
const cases: readonly (readonly [path: string, fields: object, errors: readonly string[]])[] = [
  ['node.k8s.io/v1/runtimeclasses', { handler: 'x' }, []],
  ['node.k8s.io/v1/runtimeclasses', {}, ['handler: Required value']],
  ['storage.k8s.io/v1/storageclasses', {}, ['provisioner: Required value']],
  [
    'certificates.k8s.io/v1/certificatesigningrequests',
    {},
    ['spec.request: Required value', 'spec.signerName: Required value'],
  ],
  [
    'resource.k8s.io/v1/resourceclaims',
    { spec: { devices: { requests: [{}] } } },
    ['spec.devices.requests[0].name: Required value'],
  ],
  [
    'discovery.k8s.io/v1/endpointslices',
    { addressType: 'IPv4', endpoints: [{ addresses: [] }] },
    ['endpoints[0].addresses: Required value'],
  ],
];

t.test('validateBySchema wants what the schema requires', async (t) => {
  for (const [path, fields, expected] of cases) {
    const [group, version, name] = path.split('/') as [string, string, string];
    const resource = scheme.resource(group, version, name)!;
    const object = { metadata: {}, ...fields } as KubeObject;
    const read = canonicalObject(object, { of: resource, schema: resource.schema });
    const errors = validateBySchema(read, resource.schema);
    t.strictSame(
      errors.map(({ field, message }) => `${field}: ${message}`),
      expected,
      `${path} ${JSON.stringify(fields)}`,
    );
  }
});

t.test('validateBySchema leaves the status alone', async (t) => {
  const resource = scheme.resource('storage.k8s.io', 'v1', 'volumeattachments')!;
  const fields = { spec: { attacher: 'a', nodeName: 'n', source: {} }, status: {} };
  t.strictSame(validateBySchema({ metadata: {}, ...fields } as KubeObject, resource.schema), []);
});
