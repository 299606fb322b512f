import t from 'tap';
import type {
  ValidatingAdmissionPolicy,
  Validation,
} from '../../../../src/control/api/gen/admissionregistration-v1.js';
import { type CelType, dyn, string } from '../../../../src/control/cel/index.js';
import {
  type KindType,
  versionSchemas,
} from '../../../../src/control/controllers/validating-admission-policy-status/kind-types.js';
import {
  expressionWarnings,
  namedResources,
  orderedKinds,
  paramKindOf,
} from '../../../../src/control/controllers/validating-admission-policy-status/plan.js';

const document = {
  paths: {
    '/apis/apps/v1/deployments': {
      parameters: [],
      get: {
        'x-kubernetes-group-version-kind': { group: 'apps', version: 'v1', kind: 'Deployment' },
      },
    },
  },
  components: {
    schemas: {
      'apps.v1.Deployment': {
        type: 'object',
        'x-kubernetes-group-version-kind': [{ group: 'apps', version: 'v1', kind: 'Deployment' }],
        properties: {
          metadata: { allOf: [{ $ref: '#/components/schemas/Meta' }], default: {} },
          spec: {
            type: 'object',
            properties: {
              replicas: { type: 'integer', format: 'int32' },
              port: { format: 'int-or-string' },
              limits: { type: 'object', additionalProperties: { $ref: '#/components/schemas/Q' } },
              free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              self: { $ref: '#/components/schemas/apps.v1.Deployment' },
              'a-b': { type: 'array', items: { type: 'boolean' } },
              namespace: { type: 'string', format: 'date-time' },
            },
          },
        },
      },
      Meta: { type: 'object', properties: { name: { type: 'string' } } },
      Q: { oneOf: [{ type: 'string' }, { type: 'number' }] },
    },
  },
};
const deployment = versionSchemas(document, 'apps', 'v1').ofResource('deployments') as KindType;

function policy(
  validations: readonly Validation[],
  spec: Partial<NonNullable<ValidatingAdmissionPolicy['spec']>> = {},
): ValidatingAdmissionPolicy {
  return { metadata: { name: 'p' }, spec: { ...spec, validations: [...validations] } };
}

const pod: KindType = {
  ...{ group: '', version: 'v1', kind: 'Pod' },
  type: { kind: 'object', name: 'Pod', fields: new Map([['spec', dyn]]) },
};

const sound: readonly string[] = [
  'object.spec.replicas > 1',
  'object.metadata.name == oldObject.metadata.name',
  "object.spec.port == 80 || object.spec.port == 'http'",
  "quantity(object.spec.limits['cpu']).isGreaterThan(quantity('1'))",
  'object.spec.self.spec.self.nobody.knows',
  'object.spec.a__dash__b.all(each, each)',
  "object.spec.__namespace__ > timestamp('2020-01-01T00:00:00Z')",
  "authorizer.group('').resource('pods').check('create').allowed()",
  "authorizer.requestResource.check('get').reason() == request.namespace",
  "namespaceObject.metadata.labels['a'] == 'b'",
];

for (const expression of sound)
  t.test(`expressionWarnings finds nothing in ${expression}`, (t) => {
    t.same(expressionWarnings(policy([{ expression }]), [deployment], null), []);
    t.end();
  });

const unsound: readonly (readonly [expression: string, problem: string])[] = [
  ['object.replicas > 1', "ERROR: <input>:1:7: undefined field 'replicas'"],
  [
    "object.spec.replicas > '1'",
    "ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'",
  ],
  [
    'authorizer.allowed()',
    "found no matching overload for 'allowed' applied to 'kubernetes.authorization.Authorizer.()'",
  ],
  [
    'object.spec.a__dash__b.all(each, each == 1)',
    "found no matching overload for '_==_' applied to '(bool, int)'",
  ],
  // What a schema keeps without naming it is not shown to expressions.
  ['object.spec.free.anything.at.all > 3', "undefined field 'anything'"],
  ['variables.none', "undefined field 'none'"],
  ['nothing == 1', "undeclared reference to 'nothing' (in container '')"],
];

for (const [expression, problem] of unsound)
  t.test(`expressionWarnings tells what is wrong with ${expression}`, (t) => {
    const [warning, ...others] = expressionWarnings(policy([{ expression }]), [deployment], null);
    t.equal(warning?.fieldRef, 'spec.validations[0].expression');
    t.ok(warning?.warning?.startsWith('apps/v1, Kind=Deployment: ERROR: <input>:1:'));
    t.ok(warning?.warning?.includes(problem), String(warning?.warning));
    t.equal(others.length, 0);
    t.end();
  });

t.test('expressionWarnings names every problem of an expression, in order, for every kind', (t) => {
  const expression = "object.spec.replicas > '1' && object.none == 1";
  const [first] = expressionWarnings(policy([{ expression }]), [pod, deployment], null);
  const line = ` | ${expression}\n | `;
  t.equal(
    first?.warning,
    [
      `/v1, Kind=Pod: ERROR: <input>:1:37: undefined field 'none'`,
      `${line}${'.'.repeat(36)}^`,
      '',
      `apps/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'`,
      `${line}${'.'.repeat(21)}^`,
      `ERROR: <input>:1:37: undefined field 'none'`,
      `${line}${'.'.repeat(36)}^`,
      '',
    ].join('\n'),
  );
  t.end();
});

t.test('expressionWarnings looks at messages, variables and parameters', (t) => {
  const params: CelType = { kind: 'object', name: 'Limits', fields: new Map([['max', string]]) };
  const warnings = expressionWarnings(
    policy(
      [
        { expression: 'variables.broken.x == 1', messageExpression: 'object.none + params.max' },
        { expression: 'variables.name == object.spec.replicas' },
        { expression: "params.min == ''" },
      ],
      {
        paramKind: { apiVersion: 'rules.example.com/v1', kind: 'Limits' },
        variables: [
          { name: 'name', expression: "'something'" },
          { name: 'broken', expression: 'nothing' },
        ],
      },
    ),
    [deployment],
    params,
  );
  t.same(
    warnings.map(({ fieldRef }) => fieldRef),
    [
      'spec.validations[0].messageExpression',
      'spec.validations[1].expression',
      'spec.validations[2].expression',
    ],
  );
  t.match(warnings[1]?.warning, /applied to '\(string, int\)'/);
  const unknown = policy([{ expression: 'params.min == 1' }], { paramKind: { kind: 'Gone' } });
  t.same(expressionWarnings(unknown, [deployment], null), [], 'nothing is known of the kind');
  t.end();
});

t.test('namedResources are those that rules name one by one', (t) => {
  const rule = (groups: string[], versions: string[], resources: string[]) => ({
    ...{ apiGroups: groups, apiVersions: versions, resources, operations: ['*'] },
  });
  t.same(namedResources(undefined), []);
  t.same(
    namedResources({
      resourceRules: [
        rule(['b', 'a'], ['v1'], ['pods', 'pods/status', '*', 'nodes']),
        rule(['*'], ['v1'], ['pods']),
        rule([''], ['*'], ['pods']),
      ],
    }),
    [
      [
        { group: 'a', version: 'v1', resource: 'nodes' },
        { group: 'a', version: 'v1', resource: 'pods' },
        { group: 'b', version: 'v1', resource: 'nodes' },
        { group: 'b', version: 'v1', resource: 'pods' },
      ],
      [],
      [],
    ],
  );
  t.end();
});

t.test('paramKindOf and orderedKinds', (t) => {
  const of = (apiVersion: string) =>
    paramKindOf(policy([], { paramKind: { apiVersion, kind: 'K' } }));
  t.same(of('v1'), { group: '', version: 'v1', kind: 'K' });
  t.same(of('a.b/v2'), { group: 'a.b', version: 'v2', kind: 'K' });
  t.equal(paramKindOf(policy([])), null);
  t.same(orderedKinds([deployment, pod, deployment]), [pod, deployment]);
  t.end();
});
