import t from 'tap';
import { DecodeError } from '../../../../src/control/api/codec/decode-error.js';
import {
  decodePatched,
  parsePatchDocument,
} from '../../../../src/control/api/codec/patched-object.js';
import { Scheme } from '../../../../src/control/api/scheme.js';
import type { JsonObject } from '../../../../src/control/machinery/json.js';
import { StatusError } from '../../../../src/control/machinery/status.js';

const scheme = new Scheme();
const target = (group: string, kind: string) => scheme.kind({ group, version: 'v1', kind })!;
const deployment = target('apps', 'Deployment');
const pod = target('', 'Pod');
const service = target('', 'Service');

function refusal(of: typeof pod, value: JsonObject, isStrategic: boolean): string {
  try {
    const strategicPatch = isStrategic ? value : null;
    decodePatched(of, { value, fieldValidation: 'Strict', problems: [], strategicPatch });
  } catch (error) {
    if (error instanceof StatusError && error.code === 422) return error.message;
    throw error;
  }
  return 'accepted';
}

const head = ' "" is invalid: patch: Invalid value: ';

t.test('decodePatched blames a JSON or merge patch in the words of the decoder', async (t) => {
  t.equal(
    refusal(deployment, { spec: { replicas: 'x' } }, false),
    `${head}"{\\"spec\\":{\\"replicas\\":\\"x\\"}}": json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`,
  );
  t.equal(
    refusal(pod, { foo: 1 }, false),
    `${head}"{\\"foo\\":1}": strict decoding error: unknown field "foo"`,
  );
});

const conversions: readonly (readonly [of: typeof pod, patch: JsonObject, text: string])[] = [
  [
    deployment,
    { spec: { replicas: 'x' } },
    '"map[spec:map[replicas:x]]": unrecognized type: int32',
  ],
  [
    deployment,
    { spec: { replicas: 1.5, paused: null } },
    '"map[spec:map[paused:<nil> replicas:1.5]]": cannot convert float64 to int32',
  ],
  [deployment, { spec: { paused: 'yes' } }, '"map[spec:map[paused:yes]]": unrecognized type: bool'],
  [pod, { spec: { nodeName: 5 } }, '"map[spec:map[nodeName:5]]": cannot convert int64 to string'],
  [
    pod,
    { spec: { restartPolicy: 5 } },
    '"map[spec:map[restartPolicy:5]]": cannot convert int64 to v1.RestartPolicy',
  ],
  [pod, { spec: { nodeName: true } }, '"map[spec:map[nodeName:true]]": unrecognized type: string'],
  [
    pod,
    { spec: { containers: 'a' } },
    '"map[spec:map[containers:a]]": cannot restore slice from string',
  ],
  [pod, { spec: [] }, '"map[spec:[]]": cannot restore struct from: slice'],
  [
    pod,
    { metadata: { labels: [1, 'a'] } },
    '"map[metadata:map[labels:[1 a]]]": cannot restore map from slice',
  ],
  [
    service,
    { spec: { ports: [{ targetPort: false }] } },
    '"map[spec:map[ports:[map[targetPort:false]]]]": json: cannot unmarshal bool into Go value of type int32',
  ],
  [pod, { spec: { x: 1 } }, '"map[spec:map[x:1]]": strict decoding error: unknown field "spec.x"'],
];

t.test('decodePatched blames a strategic patch in the words of the conversion', async (t) => {
  for (const [of, patch, text] of conversions)
    t.equal(refusal(of, patch, true), head + text, JSON.stringify(patch));
});

t.test('decodePatched warns of what is wrong with the patch and with the object', async (t) => {
  const { object, warnings } = decodePatched(pod, {
    value: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, foo: 1 },
    fieldValidation: 'Warn',
    problems: ['duplicate field "foo"'],
    strategicPatch: null,
  });
  t.strictSame(warnings, ['duplicate field "foo"', 'unknown field "foo"']);
  t.match(object, { kind: 'Pod', metadata: { name: 'a' } });
});

t.test('parsePatchDocument finds repeated members', async (t) => {
  const parse = (text: string) => parsePatchDocument(Buffer.from(text), 'json');
  t.strictSame(parse('{"spec":{"a":1,"a":2.5}}'), {
    value: { spec: { a: 2.5 } },
    problems: ['duplicate field "spec.a"'],
  });
  t.strictSame(parse('[{"op":"add","op":"test"}]'), {
    value: [{ op: 'test' }],
    problems: ['duplicate field "[0].op"'],
  });
  t.strictSame(parse('null'), { value: null, problems: [] });
  t.throws(() => parse('{'), new DecodeError('unexpected end of JSON input'));
});

t.test('parsePatchDocument reads YAML', async (t) => {
  const { value } = parsePatchDocument(Buffer.from('spec:\n  replicas: 3\n'), 'yaml');
  t.strictSame(value, { spec: { replicas: 3 } });
});
