import t from 'tap';
import { KubernetesProtobuf } from '../../../../src/control/api/protobuf/protobuf-codec.js';
import type { JsonObject } from '../../../../src/control/machinery/json.js';
import { StatusError } from '../../../../src/control/machinery/status.js';

const codec = new KubernetesProtobuf();
const podKind = { group: '', version: 'v1', kind: 'Pod' };

function read(hex: string, kind = podKind): JsonObject {
  return codec.decode(Buffer.from(hex.replace(/\s/g, ''), 'hex'), kind);
}

/** The bytes of an object around a message, by hand. */
function enveloped(raw: string, kind = '0a09 0a02 7631 1203 506f64'): string {
  const bytes = Buffer.from(raw.replace(/\s/g, ''), 'hex');
  const length = Buffer.from([bytes.length]).toString('hex');
  return `6b387300 ${kind} 12 ${length} ${raw} 1a00 2200`;
}

function again(object: JsonObject): JsonObject {
  return codec.decode(codec.encode(object) ?? new Uint8Array(), null);
}

t.test('decode reads bytes that were put together by hand', async (t) => {
  // metadata { name: "a" }, spec { containers [{ name: "c" }] }
  const pod = read(enveloped('0a03 0a0161 1205 1203 0a0163'));
  t.strictSame(pod, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a' },
    spec: { containers: [{ name: 'c', resources: {} }] },
    status: {},
  });
});

t.test('encode writes what Kubernetes writes around an object', async (t) => {
  const bytes = codec.encode({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } });
  const expected = enveloped('0a03 0a0161').replace(/\s/g, '');
  t.equal(Buffer.from(bytes ?? []).toString('hex'), expected);
});

t.test('encode is null for what has no protobuf form', async (t) => {
  for (const [apiVersion, kind] of [
    ['meta.k8s.io/v1', 'Table'],
    ['example.com/v1', 'Widget'],
    ['v1', 'Deployment'],
  ] as const) {
    t.equal(codec.encode({ apiVersion, kind, metadata: {} }), null, kind);
    t.equal(codec.encodeEvent('ADDED', { apiVersion, kind, metadata: {} }), null, kind);
  }
});

t.test('decode takes what the bytes leave out of the kind from what is expected', async (t) => {
  t.match(read(enveloped('0a03 0a0161', '0a00')), { apiVersion: 'v1', kind: 'Pod' });
  const kindOnly = read(enveloped('0a03 0a0161', '0a05 1203 466f6f'));
  t.strictSame(kindOnly, { apiVersion: 'v1', kind: 'Foo', metadata: {} });
});

t.test('decode skips fields that it does not know, of every wire type', async (t) => {
  const unknown = 'f83f01 f93f0000000000000000 fa3f03616263 fd3f00000000';
  t.match(read(enveloped(`0a03 0a0161 ${unknown}`)), { metadata: { name: 'a' } });
});

t.test('decode adds up messages that come in parts, and lets the last scalar count', async (t) => {
  const pod = read(enveloped('0a03 0a0161 0a03 0a0162 0a03 1a0163'));
  t.strictSame(pod.metadata, { name: 'b', namespace: 'c' });
});

t.test('decode reads numbers in a list packed and one by one', async (t) => {
  const group = (raw: string) => read(enveloped(raw)).spec;
  // spec { securityContext { supplementalGroups } }: fields 2, 14, 4
  t.match(group('1206 7204 2001 2002'), { securityContext: { supplementalGroups: [1, 2] } });
  t.match(group('1206 7204 2202 0102'), { securityContext: { supplementalGroups: [1, 2] } });
});

const refusals: readonly (readonly [title: string, hex: string, message: string])[] = [
  [
    'nothing',
    '',
    'the object provided is unrecognized (must be of type Pod): empty data (<empty>)',
  ],
  [
    'JSON',
    '7b7d',
    'the object provided is unrecognized (must be of type Pod): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({})',
  ],
  [
    'the prefix alone',
    '6b387300',
    'the object provided is unrecognized (must be of type Pod): empty body (6b387300)',
  ],
  [
    'an envelope that ends early',
    '6b387300 0a09 0a',
    'the object provided is unrecognized (must be of type Pod): unexpected EOF (6b3873000a090a)',
  ],
  [
    'a message that ends early',
    enveloped('0a05 0a0161'),
    'Pod in version "v1" cannot be handled as a Pod: unexpected EOF',
  ],
  [
    'a wrong wire type',
    enveloped('0801'),
    'Pod in version "v1" cannot be handled as a Pod: proto: wrong wireType = 0 for field Metadata',
  ],
  [
    'a group that ends',
    enveloped('7c'),
    'Pod in version "v1" cannot be handled as a Pod: proto: Pod: wiretype end group for non-group',
  ],
  [
    'a wire type that there is not',
    enveloped('7e'),
    'Pod in version "v1" cannot be handled as a Pod: proto: illegal wireType 6',
  ],
  [
    'a varint without end',
    enveloped('78ffffffffffffffffffff01'),
    'Pod in version "v1" cannot be handled as a Pod: proto: integer overflow',
  ],
  [
    'a quantity that is none',
    // spec { overhead { "a": "x" } }: fields 2, 32
    enveloped('120d 82020a 0a0161 1205 0a03782020'),
    'Pod in version "v1" cannot be handled as a Pod: quantities must match the regular expression \'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$\'',
  ],
];

for (const [title, hex, message] of refusals) {
  t.test(`decode refuses ${title} with Kubernetes' words`, async (t) => {
    try {
      read(hex);
      t.fail('nothing was thrown');
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      t.equal(error.code, 400);
      t.equal(error.message, message);
    }
  });
}

t.test('decode refuses messages that are nested without end', async (t) => {
  const crd = Buffer.concat([
    Buffer.from('6b387300', 'hex'),
    delimited(
      1,
      Buffer.concat([
        delimited(1, Buffer.from('apiextensions.k8s.io/v1')),
        delimited(2, Buffer.from('CustomResourceDefinition')),
      ]),
    ),
    // spec.versions[].schema.openAPIV3Schema.not...
    delimited(2, delimited(2, delimited(7, delimited(4, delimited(1, nested(5000)))))),
  ]);
  t.throws(() => codec.decode(crd, null), { code: 400 });
});

/** JSONSchemaProps.not (28) in itself. */
function nested(depth: number): Buffer {
  let bytes: Buffer = Buffer.alloc(0);
  for (let left = depth; left > 0; left--) bytes = delimited(28, bytes);
  return bytes;
}

function delimited(number: number, content: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

t.test(
  'decode gives random and damaged bytes a 400 or an object, never anything else',
  async (t) => {
    const good = codec.encode({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a', labels: { a: 'b' }, creationTimestamp: '2026-01-02T03:04:05Z' },
      spec: { containers: [{ name: 'c', resources: { limits: { cpu: '1' } } }] },
    });
    const bytes = Buffer.from(good ?? []);
    let refused = 0;
    for (let at = 4; at < bytes.length; at++) {
      for (const change of [0x01, 0x7f, 0x80, 0xff]) {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] as number) ^ change;
        for (const candidate of [damaged, damaged.subarray(0, at)]) {
          try {
            codec.decode(candidate, podKind);
          } catch (error) {
            if (!(error instanceof StatusError) || error.code !== 400) throw error;
            refused += 1;
          }
        }
      }
    }
    t.ok(refused > bytes.length, 'most damage is seen');
  },
);

t.test('encode and decode keep special values', async (t) => {
  const pod = again({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'a',
      creationTimestamp: '1969-12-31T23:59:59Z',
      generation: 2 ** 53 + 2,
      labels: { __proto__x: 'a', constructor: 'b' },
      managedFields: [{ manager: 'm', fieldsV1: { 'f:a': {} }, time: '9999-12-31T23:59:59Z' }],
    },
    spec: {
      containers: [
        {
          name: 'c',
          resources: { limits: { cpu: '0.5', memory: '1Gi' } },
          livenessProbe: { httpGet: { port: 'http', path: '/' }, initialDelaySeconds: -1 },
          env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
        },
      ],
      volumes: [{ name: 'v', emptyDir: {} }],
      terminationGracePeriodSeconds: 0,
    },
  });
  t.match(pod.metadata, {
    creationTimestamp: '1969-12-31T23:59:59Z',
    generation: 2 ** 53 + 2,
    labels: { __proto__x: 'a', constructor: 'b' },
    managedFields: [{ fieldsV1: { 'f:a': {} }, time: '9999-12-31T23:59:59Z' }],
  });
  t.match(pod.spec, {
    containers: [
      {
        resources: { limits: { cpu: '500m', memory: '1Gi' } },
        livenessProbe: { httpGet: { port: 'http', path: '/' }, initialDelaySeconds: -1 },
        env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
      },
    ],
    volumes: [{ name: 'v', emptyDir: {} }],
    terminationGracePeriodSeconds: 0,
  });
});

t.test('microseconds survive, and seconds are all that other times have', async (t) => {
  const lease = again({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'a' },
    spec: { renewTime: '2026-01-02T03:04:05.123456Z', acquireTime: '1960-01-02T03:04:05.000001Z' },
  });
  t.match(lease.spec, {
    renewTime: '2026-01-02T03:04:05.123456Z',
    acquireTime: '1960-01-02T03:04:05.000001Z',
  });
});

t.test('schemas of custom resources keep what is a schema, a boolean or a list', async (t) => {
  const openAPIV3Schema = {
    type: 'object',
    maximum: 1.5,
    exclusiveMaximum: true,
    additionalProperties: { type: 'string' },
    properties: {
      a: { additionalProperties: true, default: { x: [1, null] } },
      b: { additionalItems: false, items: { $ref: '#/a', $schema: 's' }, enum: ['x', 1, null] },
      c: { items: [{ type: 'string' }, { type: 'integer' }] },
      d: { dependencies: { e: ['f', 'g'], h: { type: 'number' } } },
      i: { 'x-kubernetes-validations': [{ rule: 'self > 0' }], 'x-kubernetes-list-type': 'set' },
    },
  };
  const crd = again({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'a' },
    spec: { versions: [{ name: 'v1', schema: { openAPIV3Schema } }] },
  });
  const [version] = (crd.spec as { versions: { schema: object }[] }).versions;
  t.strictSame(version?.schema, { openAPIV3Schema });
});

t.test('lists, options and Status have protobuf forms', async (t) => {
  const objects: readonly JsonObject[] = [
    {
      apiVersion: 'v1',
      kind: 'ConfigMapList',
      metadata: { resourceVersion: '7', remainingItemCount: 3 },
      items: [{ metadata: { name: 'a' }, data: { b: 'c' }, binaryData: { d: 'AAH/' } }],
    },
    {
      apiVersion: 'v1',
      kind: 'Status',
      metadata: {},
      status: 'Failure',
      code: 404,
      reason: 'NotFound',
    },
    {
      apiVersion: 'policy/v1',
      kind: 'DeleteOptions',
      metadata: {},
      gracePeriodSeconds: 0,
      preconditions: { uid: 'u' },
      propagationPolicy: 'Orphan',
      dryRun: ['All'],
    },
    {
      apiVersion: 'meta.k8s.io/v1',
      kind: 'PartialObjectMetadataList',
      metadata: { resourceVersion: '1' },
      items: [{ metadata: { name: 'a' } }],
    },
    {
      apiVersion: 'meta.k8s.io/v1beta1',
      kind: 'PartialObjectMetadataList',
      metadata: { resourceVersion: '1' },
      items: [{ metadata: { name: 'a' } }],
    },
    { apiVersion: 'authentication.k8s.io/v1', kind: 'UserInfo', metadata: {} },
    {
      apiVersion: 'v1',
      kind: 'List',
      metadata: {},
      items: [
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { a: 'YQ==' } },
        { apiVersion: 'example.com/v1', kind: 'Widget', metadata: {}, spec: [1] },
      ],
    },
  ];
  for (const object of objects) {
    if (object.kind === 'UserInfo') t.equal(codec.encode(object), null, 'a type that is no kind');
    else t.strictSame(again(object), object, `${object.kind}`);
  }
});

t.test('lists of lists are refused when they are nested too deep', async (t) => {
  let list: JsonObject = { apiVersion: 'v1', kind: 'List', metadata: {} };
  for (let depth = 0; depth < 50; depth++)
    list = { apiVersion: 'v1', kind: 'List', metadata: {}, items: [list] };
  t.throws(() => again(list), { code: 400 });
  t.match(read(enveloped('0a03 0a0161')), { metadata: { name: 'a' } }, 'and nothing of it is kept');
});

t.test('encodeEvent writes the message alone, around an object with its kind', async (t) => {
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } };
  const bytes = Buffer.from(codec.encodeEvent('ADDED', object) ?? []);
  t.equal(bytes.subarray(0, 7).toString('hex'), '0a054144444544');
  t.ok(bytes.includes('k8s\0', 7, 'latin1'));
  t.match(codec.decodeEvent(bytes), { type: 'ADDED', object });
  for (const hex of ['', '0a01', '0a0141', '1203 0a0131']) {
    t.throws(() => codec.decodeEvent(Buffer.from(hex.replace(/\s/g, ''), 'hex')), { code: 400 });
  }
});

t.test('encode refuses values that are not of their type rather than write others', async (t) => {
  const values: readonly JsonObject[] = [
    { metadata: { name: 1 } },
    { metadata: { generation: 'x' } },
    { metadata: { generation: 2 ** 64 } },
    { metadata: { finalizers: 'x' } },
    { metadata: { labels: ['x'] } },
    { metadata: { creationTimestamp: 'yesterday' } },
    { metadata: [] },
    { spec: { priority: 2 ** 31 } },
    { spec: { hostNetwork: 'true' } },
  ];
  for (const value of values) {
    const pod = { apiVersion: 'v1', kind: 'Pod', ...value };
    t.throws(() => codec.encode(pod), { name: 'UnencodableError' }, JSON.stringify(value));
  }
  t.ok(codec.encode({ apiVersion: 'v1', kind: 'Pod', metadata: {} }), 'and goes on');
});

t.test('listWriter writes what encode does, some items at a time', async (t) => {
  const list = { apiVersion: 'v1', kind: 'ConfigMapList', metadata: { resourceVersion: '7' } };
  const items = Array.from({ length: 300 }, (_, at) => ({
    metadata: { name: `n${at}` },
    data: { a: 'x'.repeat(at) },
  }));
  const written = (count: number) => {
    const writer = codec.listWriter(list);
    if (writer === null) throw new Error('config maps have a form in protobuf');
    const parts: Uint8Array[] = [];
    for (let at = 0; at < count; at += 70) {
      parts.push(writer.write(items.slice(at, Math.min(at + 70, count))));
      codec.encode({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'between' } });
    }
    const { head, tail } = writer.around(parts.reduce((sum, part) => sum + part.length, 0));
    return Buffer.concat([head, ...parts, tail]);
  };
  t.ok(written(300).equals(Buffer.from(codec.encode({ ...list, items }) ?? [])));
  t.ok(written(0).equals(Buffer.from(codec.encode(list) ?? [])));
  t.equal(codec.listWriter({ apiVersion: 'example.com/v1', kind: 'WidgetList' }), null);
});
