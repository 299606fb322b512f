import t from 'tap';
import { kinds } from '../../../../src/control/api/core-v1/index.js';
import type { LimitRangeItem, ResourceQuota } from '../../../../src/control/api/gen/core-v1.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import {
  cellsOf,
  context,
  createErrors,
  defaulted,
  kindOf,
  statusErrors,
  texts,
  updateErrors,
} from './fixtures.js';

/** An object of any kind, as a client may write it. */
function objectOf(fields: object, meta: KubeObject['metadata'] = {}): KubeObject {
  return { metadata: { name: 'x', namespace: 'default', ...meta }, ...fields };
}

t.test('kinds has rules for each kind once', async (t) => {
  const names = kinds.map(({ of }) => of.kind);
  t.same(names.length, new Set(names).size);
  t.same(names.sort(), [
    'Binding',
    'ComponentStatus',
    'ConfigMap',
    'Endpoints',
    'Event',
    'LimitRange',
    'Namespace',
    'Node',
    'PersistentVolume',
    'PersistentVolumeClaim',
    'Pod',
    'PodTemplate',
    'ReplicationController',
    'ResourceQuota',
    'Secret',
    'Service',
    'ServiceAccount',
  ]);
});

const keyText =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

t.test('ConfigMap checks its keys and its size', async (t) => {
  const errors = (fields: object) => createErrors('ConfigMap', objectOf(fields));
  t.same(errors({ data: { 'a.b': 'x' }, binaryData: { c: 'AAAA' } }), []);
  t.same(errors({ data: { 'a b': 'x', c: 'y' }, binaryData: { c: '' } }), [
    `data[a b]: Invalid value: "a b": ${keyText}`,
    'data[c]: Invalid value: "c": duplicate of key present in binaryData',
  ]);
  t.same(errors({ data: { a: 'x'.repeat(2 ** 20) } }), []);
  t.same(errors({ data: { a: 'ü'.repeat(2 ** 19), b: 'x' } }), [
    '[]: Too long: may not be more than 1048576 bytes',
  ]);
  t.same(cellsOf('ConfigMap', objectOf({ data: { a: '' }, binaryData: { b: '' } })), [
    'x',
    2,
    '<unknown>',
  ]);
});

t.test('ConfigMap and Secret stay as they are when they are immutable', async (t) => {
  const text = 'Forbidden: field is immutable when `immutable` is set';
  for (const kind of ['ConfigMap', 'Secret']) {
    const old = objectOf({ immutable: true, data: { a: 'AA==' } });
    t.same(updateErrors(kind, old, old), []);
    t.same(updateErrors(kind, objectOf({ data: { a: 'AQ==' } }), old), [
      `immutable: ${text}`,
      `data: ${text}`,
    ]);
    t.same(updateErrors(kind, objectOf({ immutable: true }), objectOf({})), []);
  }
});

t.test('Secret folds text into data, and checks what its type needs', async (t) => {
  const secret = defaulted(
    'Secret',
    objectOf({ stringData: { a: 'hä' }, data: { a: 'AA==', b: 'AQ==' } }),
  );
  t.same(secret, objectOf({ type: 'Opaque', data: { a: 'aMOk', b: 'AQ==' } }));
  const errors = (type: string, data: Record<string, string>) =>
    createErrors('Secret', objectOf({ type, data }));
  for (const type of ['__proto__', 'constructor', 'toString']) t.same(errors(type, {}), [], type);
  t.same(errors('kubernetes.io/tls', { 'tls.crt': '' }), ['data[tls.key]: Required value']);
  t.same(errors('kubernetes.io/basic-auth', {}), [
    'data[username]: Required value',
    'data[password]: Required value',
  ]);
  t.same(errors('kubernetes.io/ssh-auth', { 'ssh-privatekey': '' }), [
    'data[ssh-privatekey]: Required value',
  ]);
  t.same(errors('kubernetes.io/dockerconfigjson', {}), ['data[.dockerconfigjson]: Required value']);
  t.same(errors('kubernetes.io/dockerconfigjson', { '.dockerconfigjson': '' }), [
    'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": unexpected end of JSON input',
  ]);
  t.same(errors('kubernetes.io/service-account-token', {}), [
    'metadata.annotations[kubernetes.io/service-account.name]: Required value',
  ]);
  t.same(updateErrors('Secret', objectOf({ type: 'a' }), objectOf({ type: 'b' })), [
    'type: Invalid value: "a": field is immutable',
  ]);
  t.equal(kindOf('Secret').selectableFields?.type?.(secret), 'Opaque');
});

t.test('Namespace has its name as a label, and is kept until it is empty', async (t) => {
  const namespace = objectOf({}, { name: 'n', labels: { a: '1' } });
  kindOf('Namespace').prepareForCreate?.(namespace, context);
  t.match(namespace, {
    metadata: { labels: { a: '1', 'kubernetes.io/metadata.name': 'n' } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
  t.same(createErrors('Namespace', objectOf({ spec: { finalizers: ['mine'] } })), [
    'spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
  ]);
  const finalized = objectOf({ spec: { finalizers: ['a/b', 'mine'] } });
  const finalize = { ...context, subresource: 'finalize' };
  t.same(texts(kindOf('Namespace').validateUpdate?.(finalized, namespace, finalize)), [
    'spec.finalizers[1]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
  ]);
  t.same(statusErrors('Namespace', objectOf({ status: { phase: 'Terminating' } }), namespace), [
    'status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty',
  ]);
});

const items: readonly (readonly [item: LimitRangeItem, errors: readonly string[]])[] = [
  [{ type: 'Container', max: { cpu: '2' }, min: { cpu: '1' }, default: { cpu: '1500m' } }, []],
  [
    { type: 'Gold' },
    ['type: Invalid value: "Gold": must be a standard limit type or fully qualified'],
  ],
  [
    { type: 'Pod', default: { cpu: '1' } },
    ["default: Forbidden: may not be specified when `type` is 'Pod'"],
  ],
  [
    { type: 'PersistentVolumeClaim' },
    [
      'limits: Required value: either minimum or maximum storage value is required, but neither was provided',
    ],
  ],
  [
    { type: 'Pod', min: { cpu: '2' }, max: { cpu: '1' } },
    ['min[cpu]: Invalid value: "2": min value 2 is greater than max value 1'],
  ],
  [
    { type: 'Container', min: { cpu: '2' }, default: { cpu: '1' }, defaultRequest: { cpu: '3' } },
    [
      'defaultRequest[cpu]: Invalid value: "3": default request value 3 is greater than default limit value 1',
      'default[cpu]: Invalid value: "2": min value 2 is greater than default value 1',
    ],
  ],
  [
    { type: 'Pod', min: { cpu: '1' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '3' } },
    ['maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000'],
  ],
];

t.test('LimitRange refuses limits that contradict each other', async (t) => {
  for (const [item, errors] of items) {
    const expected = errors.map((error) => `spec.limits[0].${error}`);
    t.same(
      createErrors('LimitRange', objectOf({ spec: { limits: [item] } })),
      expected,
      JSON.stringify(item),
    );
  }
  const filled = defaulted(
    'LimitRange',
    objectOf({
      spec: { limits: [{ type: 'Container', max: { cpu: '1' }, min: { memory: '1' } }] },
    }),
  );
  t.match(filled, {
    spec: { limits: [{ default: { cpu: '1' }, defaultRequest: { cpu: '1', memory: '1' } }] },
  });
});

t.test('ResourceQuota counts standard resources in scopes that have them', async (t) => {
  const errors = (spec: object) => createErrors('ResourceQuota', objectOf({ spec }));
  t.same(errors({ hard: { pods: '1', 'requests.cpu': '1', 'count/widgets.a.b': '1' } }), []);
  t.same(errors({ hard: { gold: '1', pods: '1500m' } }), [
    'spec.hard[gold]: Invalid value: "gold": must be a standard resource type or fully qualified',
    'spec.hard[gold]: Invalid value: "gold": must be a standard resource for quota',
    'spec.hard[pods]: Invalid value: "1500m": must be an integer',
  ]);
  t.same(errors({ hard: { services: '1' }, scopes: ['BestEffort', 'NotBestEffort', 'X'] }), [
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort","X"]: unsupported scope applied to resource',
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort","X"]: unsupported scope applied to resource',
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort","X"]: unsupported scope',
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort","X"]: conflicting scopes',
  ]);
  t.match(
    errors({
      scopeSelector: { matchExpressions: [{ scopeName: 'Terminating', operator: 'In' }] },
    })[1],
    "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
  );
  t.same(
    updateErrors(
      'ResourceQuota',
      objectOf({ spec: { scopes: ['Terminating'] } }),
      objectOf({ spec: {} }),
    ),
    ['spec.scopes: Invalid value: ["Terminating"]: field is immutable'],
  );
  const quota: ResourceQuota = {
    metadata: { name: 'q' },
    status: {
      hard: { pods: '2', 'limits.cpu': '4', 'requests.cpu': '1' },
      used: { pods: '1', 'requests.cpu': '500m' },
    },
  };
  t.same(cellsOf('ResourceQuota', quota), [
    'q',
    'pods: 1/2, requests.cpu: 500m/1',
    'limits.cpu: 0/4',
    '<unknown>',
  ]);
});

t.test('ServiceAccount, Binding and ComponentStatus', async (t) => {
  const account = objectOf({ secrets: [{ name: 'a', namespace: 'b', uid: 'c' }, {}] });
  kindOf('ServiceAccount').prepareForCreate?.(account, context);
  t.same(account, objectOf({ secrets: [{ name: 'a' }, {}] }));
  t.same(cellsOf('ServiceAccount', account), ['x', 2, '<unknown>']);
  t.same(createErrors('Binding', objectOf({ target: { kind: 'Pod' } })), [
    'target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"',
    'target.name: Required value',
  ]);
  const healthy = { conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }] };
  t.same(cellsOf('ComponentStatus', objectOf(healthy)), ['x', 'Healthy', 'ok', '']);
});
