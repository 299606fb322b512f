import t from 'tap';
import { kindsWith } from '../../../../src/control/api/admissionregistration-v1/index.js';
import type { ValidatingAdmissionPolicy } from '../../../../src/control/api/gen/admissionregistration-v1.js';
import { invalidValue } from '../../../../src/control/machinery/field-path.js';
import { KindRig } from '../kind-rig.js';

const group = 'admissionregistration.k8s.io/v1';
const hooks = new KindRig(group, 'MutatingWebhookConfiguration');
const policies = new KindRig(group, 'ValidatingAdmissionPolicy');
const mutating = new KindRig(group, 'MutatingAdmissionPolicy');
const bindings = new KindRig(group, 'ValidatingAdmissionPolicyBinding');

const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] };
const hook = (more: object = {}) => ({
  webhooks: [
    {
      name: 'h.example.com',
      clientConfig: { service: { namespace: 'n', name: 's' } },
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      rules: [rule],
      ...more,
    },
  ],
});

t.test('webhooks are filled in and counted', async (t) => {
  t.match(hooks.created(hook()), {
    webhooks: [
      {
        failurePolicy: 'Fail',
        matchPolicy: 'Equivalent',
        namespaceSelector: {},
        objectSelector: {},
        timeoutSeconds: 10,
        reinvocationPolicy: 'Never',
        rules: [{ scope: '*' }],
        clientConfig: { service: { port: 443 } },
      },
    ],
  });
  t.same(hooks.createErrors(hook()), []);
  t.equal(hooks.updated(hook({ timeoutSeconds: 5 }), hook()).metadata.generation, 2);
});

t.test('webhooks refuse what Kubernetes refuses', async (t) => {
  const at = 'webhooks[0]';
  const cases: [more: object, errors: string[]][] = [
    [
      { name: 'short.name' },
      [
        `${at}.name: Invalid value: "short.name": should be a domain with at least three segments separated by dots`,
      ],
    ],
    [
      { sideEffects: 'Some', timeoutSeconds: 31 },
      [
        `${at}.sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"`,
        `${at}.timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds`,
      ],
    ],
    [
      { clientConfig: {} },
      [`${at}.clientConfig: Required value: exactly one of url or service is required`],
    ],
    [
      { clientConfig: { url: 'http://u@h/p?q#f' } },
      [
        `${at}.clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
        `${at}.clientConfig.url: Invalid value: "u": user information is not permitted in the URL; desired format: https://host[/path]`,
        `${at}.clientConfig.url: Invalid value: "f": fragments are not permitted in the URL; desired format: https://host[/path]`,
        `${at}.clientConfig.url: Invalid value: "q": query parameters are not permitted in the URL; desired format: https://host[/path]`,
      ],
    ],
    [
      { admissionReviewVersions: ['v2', 'v2'] },
      [
        `${at}.admissionReviewVersions[1]: Invalid value: "v2": duplicate version`,
        `${at}.admissionReviewVersions: Invalid value: ["v2","v2"]: must include at least one of v1, v1beta1`,
      ],
    ],
    [
      { rules: [{ ...rule, operations: ['*', 'CREATE'], resources: ['pods/*', 'pods/status'] }] },
      [
        `${at}.rules[0].operations: Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`,
        `${at}.rules[0].resources[1]: Invalid value: "pods/status": if 'pods/*' is present, must not specify pods/status`,
      ],
    ],
    [
      { matchConditions: [{ name: '', expression: ' ' }] },
      [
        `${at}.matchConditions[0].expression: Required value`,
        `${at}.matchConditions[0].name: Required value`,
      ],
    ],
  ];
  for (const [more, errors] of cases) t.same(hooks.createErrors(hook(more)), errors);
  const old = hook({ sideEffects: 'Some' });
  t.same(hooks.updateErrors(old, old), [], 'what was there may stay');
});

const matchConstraints = { resourceRules: [rule] };
const policy = (more: object = {}) => ({
  metadata: { name: 'p.example.com' },
  spec: { matchConstraints, validations: [{ expression: 'true' }], ...more },
});

t.test('policies refuse what Kubernetes refuses', async (t) => {
  t.same(policies.createErrors(policy()), []);
  t.same(policies.createErrors(policy({ matchConstraints: {}, validations: [] })), [
    'spec.matchConstraints.resourceRules: Required value',
    'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
    'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
  ]);
  t.same(
    policies.createErrors(
      policy({ validations: [{ expression: '1', message: 'a\nb', reason: 'Odd' }] }),
    ),
    [
      'spec.validations[0].message: Invalid value: "a\\nb": message must not contain line breaks',
      'spec.validations[0].reason: Unsupported value: "Odd": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
    ],
  );
  t.same(
    policies.createErrors(policy({ variables: [{ name: 'in', expression: '1' }], paramKind: {} })),
    [
      'spec.paramKind.apiVersion: Required value',
      'spec.paramKind.kind: Required value',
      'spec.variables[0].name: Invalid value: "in": name is not a valid CEL identifier',
    ],
  );
  const mutations = [{ patchType: 'JSONPatch', applyConfiguration: { expression: 'x' } }];
  t.same(mutating.createErrors(policy({ validations: undefined, mutations })), [
    'spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch',
    'spec.mutations[0].applyConfiguration: Forbidden: must not be specified when patchType is JSONPatch',
  ]);
  t.same(
    bindings.createErrors({ spec: { policyName: 'p', validationActions: ['Deny', 'Warn'] } }),
    [
      'spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
    ],
  );
});

t.test('kindsWith asks its compiler about each expression, and what it may use', async (t) => {
  const asked: unknown[] = [];
  const kinds = kindsWith((expression, use, path) => {
    asked.push([path.toString(), use.kind, use.hasParams, use.variables.length]);
    return expression === 'bad' ? [invalidValue(path, expression, 'does not compile')] : [];
  });
  const rules = kinds.find(({ of }) => of.kind === 'ValidatingAdmissionPolicy');
  const object: ValidatingAdmissionPolicy = {
    metadata: { name: 'p' },
    spec: {
      failurePolicy: 'Fail',
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      matchConstraints: {
        ...matchConstraints,
        matchPolicy: 'Exact',
        namespaceSelector: {},
        objectSelector: {},
      },
      matchConditions: [{ name: 'm', expression: 'a' }],
      variables: [{ name: 'v', expression: 'b' }],
      validations: [{ expression: 'bad', messageExpression: 'd' }],
      auditAnnotations: [{ key: 'k', valueExpression: 'e' }],
    },
  };
  const context = { nowMs: 0, username: '', subresource: '' };
  t.same(
    rules?.validateCreate?.(object, context).map(({ field }) => field),
    ['spec.validations[0].expression'],
  );
  t.same(asked, [
    ['spec.matchConditions[0].expression', 'match-condition', true, 0],
    ['spec.variables[0].expression', 'variable', true, 0],
    ['spec.validations[0].expression', 'validation', true, 1],
    ['spec.validations[0].messageExpression', 'message', true, 1],
    ['spec.auditAnnotations[0].valueExpression', 'audit-annotation', true, 1],
  ]);
});
