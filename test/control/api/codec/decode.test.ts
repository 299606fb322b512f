import t from 'tap';
import { decodeObject, type FieldValidation } from '../../../../src/control/api/codec/decode.js';
import { Scheme } from '../../../../src/control/api/scheme.js';
import { StatusError } from '../../../../src/control/machinery/status.js';

const scheme = new Scheme();
const kinds: Readonly<Record<string, readonly [group: string, version: string]>> = {
  ConfigMap: ['', 'v1'],
  Deployment: ['apps', 'v1'],
  HorizontalPodAutoscaler: ['autoscaling', 'v2'],
  Lease: ['coordination.k8s.io', 'v1'],
  Pod: ['', 'v1'],
  PodDisruptionBudget: ['policy', 'v1'],
  Secret: ['', 'v1'],
  Service: ['', 'v1'],
};

interface Options {
  readonly format?: 'json' | 'yaml';
  readonly fieldValidation?: FieldValidation;
}

function decode(kind: string, body: unknown, options: Options = {}) {
  const [group, version] = kinds[kind]!;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return decodeObject(scheme, scheme.kind({ group, version, kind })!, {
    body: Buffer.from(text),
    format: options.format ?? 'json',
    fieldValidation: options.fieldValidation ?? 'Strict',
  });
}

function refusal(kind: string, body: unknown, options?: Options): string {
  try {
    decode(kind, body, options);
  } catch (error) {
    if (error instanceof StatusError && error.code === 400) return error.message;
    throw error;
  }
  return 'accepted';
}

const quantityText =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/** After `KIND in version "v1" cannot be handled as a KIND: `. */
const unhandled: readonly (readonly [kind: string, body: unknown, text: string])[] = [
  [
    'Deployment',
    { spec: { replicas: '3' } },
    'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    'Deployment',
    '{"spec":{"replicas":3.5}}',
    'json: cannot unmarshal number 3.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    'Deployment',
    '{"spec":{"replicas":1e3}}',
    'json: cannot unmarshal number 1e3 into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    'Deployment',
    { spec: { replicas: 2 ** 31 } },
    'json: cannot unmarshal number 2147483648 into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    'Pod',
    '{"spec":{"activeDeadlineSeconds":9223372036854775808}}',
    'json: cannot unmarshal number 9223372036854775808 into Go struct field PodSpec.spec.activeDeadlineSeconds of type int64',
  ],
  [
    'Pod',
    { spec: { containers: 'a' } },
    'json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container',
  ],
  [
    'Pod',
    { spec: { containers: ['a'] } },
    'json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type v1.Container',
  ],
  [
    'Pod',
    { spec: { containers: [{ ports: [{ protocol: 6 }] }] } },
    'json: cannot unmarshal number into Go struct field ContainerPort.spec.containers.ports.protocol of type v1.Protocol',
  ],
  [
    'Pod',
    { spec: { containers: [{ resources: { limits: [] } }] } },
    'json: cannot unmarshal array into Go struct field ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList',
  ],
  [
    'Pod',
    { spec: { hostNetwork: 'true', nodeName: 1 } },
    'json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool',
  ],
  [
    'Pod',
    { metadata: { labels: { a: 1 } } },
    'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
  ],
  [
    'ConfigMap',
    { data: { a: true } },
    'json: cannot unmarshal bool into Go struct field ConfigMap.data of type string',
  ],
  [
    'ConfigMap',
    { data: ['a'] },
    'json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string',
  ],
  [
    'Service',
    { spec: { ports: [{ targetPort: true }] } },
    'json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.targetPort of type int32',
  ],
  ['Secret', { data: { a: 'a*b=' } }, 'illegal base64 data at input byte 1'],
  ['Secret', { data: { a: 'abcde' } }, 'illegal base64 data at input byte 4'],
  ['Pod', { spec: { containers: [{ resources: { limits: { cpu: '1x' } } }] } }, quantityText],
  ['Pod', { spec: { overhead: { cpu: true } } }, quantityText],
  [
    'Pod',
    { metadata: { creationTimestamp: 'now' } },
    'parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"',
  ],
  [
    'Pod',
    { metadata: { creationTimestamp: 5 } },
    'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string',
  ],
];

t.test('decodeObject refuses values of a wrong type in the words of Go', async (t) => {
  for (const [kind, body, text] of unhandled) {
    const head = `${kind} in version "${kinds[kind]![1]}" cannot be handled as a ${kind}: `;
    t.equal(refusal(kind, body), head + text, JSON.stringify(body));
  }
});

const strict: readonly (readonly [kind: string, body: string, problems: readonly string[]])[] = [
  ['Pod', '{"spec":{"foo":1}}', ['unknown field "spec.foo"']],
  ['Pod', '{"Spec":{}}', ['unknown field "Spec"']],
  [
    'Pod',
    '{"spec":{"containers":[{"name":"a"},{"nam":"b","x":{"name":"c","name":"d"}}],"y":2}}',
    [
      'unknown field "spec.containers[1].nam"',
      'unknown field "spec.containers[1].x"',
      'unknown field "spec.y"',
    ],
  ],
  ['Pod', '{"metadata":{"name":"a","name":"b"}}', ['duplicate field "metadata.name"']],
  ['ConfigMap', '{"data":{"a":"1","a":"2"}}', ['duplicate field "data.a"']],
  [
    'Deployment',
    '{"spec":{"replicas":1,"replicas":2},"x":0,"metadata":{"labels":{"a":"b","a":"c"}}}',
    ['duplicate field "spec.replicas"', 'unknown field "x"', 'duplicate field "metadata.labels.a"'],
  ],
  [
    'ConfigMap',
    '{"constructor":1,"__proto__":{"a":1}}',
    ['unknown field "constructor"', 'unknown field "__proto__"'],
  ],
];

t.test('decodeObject refuses unknown and repeated fields when it is strict', async (t) => {
  for (const [kind, body, problems] of strict) {
    const text = `${kind} in version "v1" cannot be handled as a ${kind}: strict decoding error: `;
    t.equal(refusal(kind, body), text + problems.join(', '), body);
  }
});

t.test('decodeObject warns of them, or says nothing, when it is told to', async (t) => {
  for (const [kind, body, problems] of strict) {
    t.strictSame(decode(kind, body, { fieldValidation: 'Warn' }).warnings, problems, body);
    t.strictSame(decode(kind, body, { fieldValidation: 'Ignore' }).warnings, [], body);
  }
});

t.test('decodeObject takes the last of repeated fields', async (t) => {
  const { object } = decode('ConfigMap', '{"data":{"a":"1"},"data":{"b":"2"}}', {
    fieldValidation: 'Warn',
  });
  t.strictSame(object, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {},
    data: { b: '2' },
  });
});

t.test('decodeObject collects no more than a hundred problems', async (t) => {
  const body = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`x${at}`, at]));
  t.equal(decode('Pod', body, { fieldValidation: 'Warn' }).warnings.length, 100);
});

const envelopes: readonly (readonly [kind: string, body: unknown, text: string])[] = [
  [
    'Pod',
    '',
    `the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)`,
  ],
  [
    'Pod',
    '{"a":',
    `the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: unexpected end of JSON input ({"a":)`,
  ],
  [
    'Pod',
    'hello, this is no JSON, and rather long',
    `the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: invalid character 'h' looking for beginning of value (68656c6c6f2c2074686973206973206e6f204a534f4e2c20616e64207261 ...)`,
  ],
  [
    'Pod',
    '["a"]',
    `the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b2261225d)`,
  ],
  [
    'Pod',
    { kind: 5 },
    `the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string ({"kind":5})`,
  ],
  [
    'Pod',
    { apiVersion: 'a/b/c' },
    'the object provided is unrecognized (must be of type Pod): unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c"})',
  ],
  [
    'Pod',
    { kind: 'Foo', apiVersion: 'v1' },
    'Foo in version "v1" cannot be handled as a Pod: no kind "Foo" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
  ],
  [
    'Deployment',
    { kind: 'Deployment', apiVersion: 'apps/v9' },
    'Deployment in version "v9" cannot be handled as a Deployment: no kind "Deployment" is registered for version "apps/v9" in scheme "pkg/api/legacyscheme/scheme.go:30"',
  ],
  [
    'Pod',
    { kind: 'ConfigMap', apiVersion: 'v1' },
    'ConfigMap in version "v1" cannot be handled as a Pod: converting (v1.ConfigMap) to (core.Pod): unknown conversion',
  ],
  [
    'PodDisruptionBudget',
    { kind: 'Pod', apiVersion: 'v1' },
    'Pod in version "v1" cannot be handled as a PodDisruptionBudget: converting (v1.Pod) to (policy.PodDisruptionBudget): unknown conversion',
  ],
  [
    'HorizontalPodAutoscaler',
    { kind: 'HorizontalPodAutoscaler', apiVersion: 'autoscaling/v1' },
    'the API version in the data (autoscaling/v1) does not match the expected API version (autoscaling/v2)',
  ],
];

t.test('decodeObject refuses bodies that are not of the kind that is expected', async (t) => {
  for (const [kind, body, text] of envelopes)
    t.equal(refusal(kind, body), text, JSON.stringify(body));
});

t.test(
  'decodeObject takes kind and apiVersion from the request when the body has none',
  async (t) => {
    for (const body of [
      '{}',
      'null',
      '{"kind":"Deployment"}',
      '{"apiVersion":"apps/v1"}',
      ' {} \n',
    ]) {
      const { object } = decode('Deployment', body);
      t.strictSame(
        [object.apiVersion, object.kind, object.metadata],
        ['apps/v1', 'Deployment', {}],
      );
    }
  },
);

t.test('decodeObject takes options of any group', async (t) => {
  const of = { group: '', version: 'v1', kind: 'DeleteOptions' };
  for (const apiVersion of ['v1', 'apps/v1', 'policy/v1', 'meta.k8s.io/v1']) {
    const body = Buffer.from(
      JSON.stringify({ apiVersion, kind: 'DeleteOptions', dryRun: ['All'] }),
    );
    const { object } = decodeObject(scheme, scheme.kind(of)!, {
      body,
      format: 'json',
      fieldValidation: 'Strict',
    });
    t.match(object, { apiVersion: 'v1', kind: 'DeleteOptions', dryRun: ['All'] });
  }
});

const kept: readonly (readonly [kind: string, fields: object, read: object])[] = [
  ['Deployment', { spec: { replicas: 0, minReadySeconds: 0, paused: false } }, { replicas: 0 }],
  [
    'Pod',
    { spec: { hostNetwork: false, priority: 0, nodeName: '', containers: [] } },
    { priority: 0 },
  ],
  [
    'Pod',
    { spec: { nodeSelector: {}, affinity: {}, hostPID: true } },
    { affinity: {}, hostPID: true },
  ],
  ['Pod', { spec: { volumes: null, tolerations: [{}] } }, { tolerations: [{}] }],
  [
    'Pod',
    { spec: { overhead: { cpu: 0.5, memory: '1024Mi', 'x/y': '1e3', 'x/z': ' 3 ' } } },
    { overhead: { cpu: '500m', memory: '1Gi', 'x/y': '1e3', 'x/z': '3' } },
  ],
  [
    'Lease',
    { spec: { renewTime: '2026-01-02T03:04:05.000000Z' } },
    { renewTime: '2026-01-02T03:04:05.000000Z' },
  ],
  [
    'Lease',
    { spec: { acquireTime: '2026-01-02T03:04:05.678901+01:00' } },
    { acquireTime: '2026-01-02T02:04:05.678901Z' },
  ],
  [
    'Service',
    {
      spec: {
        ports: [
          { port: 80, targetPort: 'http' },
          { port: 81, name: null },
        ],
      },
    },
    {
      ports: [
        { port: 80, targetPort: 'http' },
        { port: 81, targetPort: 0 },
      ],
    },
  ],
];

t.test('decodeObject drops, keeps and writes zero values as Kubernetes does', async (t) => {
  for (const [kind, fields, read] of kept) {
    const { spec } = decode(kind, fields).object as unknown as { spec: Record<string, unknown> };
    const { template: _template, strategy: _strategy, ...rest } = spec;
    t.strictSame(rest, read, JSON.stringify(fields));
  }
});

t.test('decodeObject writes the zero values that clients count on', async (t) => {
  t.strictSame(decode('Deployment', {}).object, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {},
    spec: { strategy: {}, template: { metadata: {}, spec: {} } },
    status: {},
  });
  t.strictSame(decode('Pod', { spec: { containers: [{}] } }).object, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {},
    spec: { containers: [{ name: '', resources: {} }] },
    status: {},
  });
});

t.test('decodeObject reads null in maps and lists as zero values', async (t) => {
  const { object } = decode('Pod', {
    metadata: { labels: { a: null }, finalizers: [null] },
    spec: { containers: [null] },
  });
  t.strictSame(object.metadata, { labels: { a: '' }, finalizers: [''] });
  t.match(object, { spec: { containers: [{ name: '', resources: {} }] } });
});

t.test('decodeObject reads times in any zone, without fractions', async (t) => {
  const { object } = decode('Pod', {
    metadata: { creationTimestamp: '2024-01-02T03:04:05.999+02:00', deletionTimestamp: null },
  });
  t.strictSame(object.metadata, { creationTimestamp: '2024-01-02T01:04:05Z' });
});

t.test('decodeObject rounds 64-bit integers towards zero where doubles end', async (t) => {
  const { object } = decode('Pod', '{"spec":{"activeDeadlineSeconds":9223372036854775807}}');
  const { activeDeadlineSeconds } = (object as unknown as { spec: Record<string, number> }).spec;
  t.equal(BigInt(activeDeadlineSeconds!), 2n ** 63n - 1024n);
  t.ok(BigInt(JSON.stringify(activeDeadlineSeconds)) < 2n ** 63n, 'what is sent on is an int64');
});

t.test('decodeObject takes names like __proto__ for what they are', async (t) => {
  const { object } = decode('ConfigMap', '{"data":{"__proto__":"a","constructor":"b"}}');
  const { data } = object as unknown as { data: Record<string, string> };
  t.strictSame(Object.entries(data), [
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ]);
  t.equal(Object.getPrototypeOf(data), Object.prototype);
});

t.test('decodeObject refuses what is nested too deep', async (t) => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const deep = (levels: number) => `{"spec":${open.repeat(levels)}1${close.repeat(levels)}}`;
    t.match(refusal('Pod', deep(100_000)), /exceeded max depth/);
    t.match(refusal('Pod', deep(1000)), /exceeded max depth/);
    t.notMatch(refusal('Pod', deep(990)), /exceeded max depth/);
  }
});

const yaml: readonly (readonly [body: string, text: string])[] = [
  ['data:\n  a: "1"\n  b: x\n', 'accepted'],
  ['# nothing\n', 'accepted'],
  ['{"data": {"a": "b"}}', 'accepted'],
  ['data: &d\n  a: b\nbinaryData: {}\nmetadata:\n  labels: *d\n', 'accepted'],
  ['data:\n  a: 2001-01-01\n  b: 12:30:45\n', 'accepted'],
  [
    'data:\n  a: 1\n',
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
  ],
  [
    'data:\n  a: yes\n',
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal bool into Go struct field ConfigMap.data of type string',
  ],
  [
    'data:\n  a: b\n  a: c\n',
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: yaml: unmarshal errors:\n  line 3: key "a" already set in map',
  ],
  [
    'foo: 1\n',
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "foo"',
  ],
  [
    '{"data": {"a": "b", "a": "c"}}',
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: yaml: unmarshal errors:\n  line 1: key "a" already set in map',
  ],
  [
    'a: b\n---\nc: d\n',
    'the object provided is unrecognized (must be of type ConfigMap): yaml: the body has several documents; send one object at a time (613a20620a2d2d2d0a633a20640a)',
  ],
];

t.test('decodeObject reads one document of YAML 1.1', async (t) => {
  for (const [body, text] of yaml)
    t.equal(refusal('ConfigMap', body, { format: 'yaml' }), text, body);
});

t.test('decodeObject refuses broken YAML with its line', async (t) => {
  const text = refusal('ConfigMap', 'data:\n  a: b\n c: d\n', { format: 'yaml' });
  t.match(
    text,
    /^the object provided is unrecognized \(must be of type ConfigMap\): yaml: line \d+: /,
  );
});

t.test('decodeObject refuses YAML that unfolds without end', async (t) => {
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
  for (let i = 1; i < 9; i++) {
    const [name, last] = [String.fromCharCode(97 + i), String.fromCharCode(96 + i)];
    bomb.push(`${name}: &${name} [${Array(10).fill(`*${last}`).join(',')}]`);
  }
  t.match(refusal('ConfigMap', bomb.join('\n'), { format: 'yaml' }), /excessive aliasing/);
  const deep = `a: ${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  t.match(refusal('ConfigMap', deep, { format: 'yaml' }), /max depth/);
  t.match(refusal('ConfigMap', `${'- '.repeat(20_000)}a`, { format: 'yaml' }), /max depth/);
  t.match(refusal('ConfigMap', `${'? '.repeat(100)}a`, { format: 'yaml' }), /invalid map key/);
  const large = `data:\n  a: ${'x'.repeat(1024 * 1024)}\n`;
  t.match(refusal('ConfigMap', large, { format: 'yaml' }), /send it as JSON/);
  const json = JSON.stringify({ data: { a: 'x'.repeat(1024 * 1024) } });
  t.equal(refusal('ConfigMap', json, { format: 'yaml' }), 'accepted', 'JSON is YAML');
});
