import t from 'tap';
import { parseAuthorizationConfig } from '../../../../src/control/apiserver/authorization/authorization-config.js';
import { MatchConditions } from '../../../../src/control/apiserver/authorization/match-conditions.js';
import { selectorAttributes } from '../../../../src/control/apiserver/authorization/selector-attributes.js';
import { ConfigError } from '../../../../src/control/apiserver/configuration/config-object.js';
import type { FieldError } from '../../../../src/control/machinery/field-errors.js';
import { fieldErrorText, fieldPath } from '../../../../src/control/machinery/field-path.js';

import { ask, user } from './request.js';

const webhook = {
  timeout: '3s',
  subjectAccessReviewVersion: 'v1',
  failurePolicy: 'Deny',
  connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: '/etc/hook.yaml' },
};
const hook = (more: object = {}, name = 'a') => ({
  type: 'Webhook',
  name,
  webhook: { ...webhook, ...more },
});
const configOf = (authorizers: unknown, version = 'v1') =>
  JSON.stringify({
    apiVersion: `apiserver.config.k8s.io/${version}`,
    kind: 'AuthorizationConfiguration',
    authorizers,
  });

t.test('parseAuthorizationConfig reads authorizers with their defaults', (t) => {
  const condition = { expression: "request.user != 'root'" };
  const full = {
    ...{ authorizedTTL: '1m', unauthorizedTTL: '500ms', failurePolicy: 'NoOpinion' },
    ...{ cacheUnauthorizedRequests: false, subjectAccessReviewVersion: 'v1beta1' },
    ...{ matchConditions: [condition], matchConditionSubjectAccessReviewVersion: 'v1' },
  };
  const settings = parseAuthorizationConfig(
    configOf([
      { type: 'Node', name: 'node' },
      hook(),
      hook(full, 'b'),
      { type: 'RBAC', name: 'rbac' },
    ]),
  );
  t.same(
    settings.map(({ type, name }) => `${type} ${name}`),
    ['Node node', 'Webhook a', 'Webhook b', 'RBAC rbac'],
  );
  t.match(settings[1], {
    webhook: {
      ...{ timeoutMs: 3000, allowedTtlMs: 300_000, deniedTtlMs: 30_000, version: 'v1' },
      ...{ remembersAllowed: true, remembersDenied: true, onError: 'deny' },
      kubeconfigFile: '/etc/hook.yaml',
    },
  });
  t.match(settings[2], {
    webhook: {
      ...{ allowedTtlMs: 60_000, deniedTtlMs: 500, version: 'v1beta1', onError: 'none' },
      ...{ remembersAllowed: true, remembersDenied: false },
    },
  });
  for (const version of ['v1beta1', 'v1alpha1'])
    t.equal(parseAuthorizationConfig(configOf([hook()], version)).length, 1);
  t.end();
});

t.test('parseAuthorizationConfig refuses in the words of Kubernetes', (t) => {
  const cases: readonly [unknown, string][] = [
    [[], 'authorizers: Required value: at least one authorization mode must be defined'],
    [[{ name: 'x' }], 'authorizers[0].type: Required value'],
    [
      [{ type: 'Foo', name: 'x' }],
      'authorizers[0].type: Unsupported value: "Foo": supported values: "ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"',
    ],
    [
      [
        { type: 'RBAC', name: 'x' },
        { type: 'RBAC', name: 'y' },
      ],
      'authorizers[1].type: Duplicate value: "RBAC"',
    ],
    [[{ type: 'RBAC' }], 'authorizers[0].name: Required value'],
    [[hook(), hook()], 'authorizers[1].name: Duplicate value: "a"'],
    [
      [{ type: 'RBAC', name: 'A_' }],
      'authorizers[0].name: Invalid value: "A_": authorizer name is invalid: a lowercase RFC 1123 subdomain',
    ],
    [
      [{ type: 'Webhook', name: 'x' }],
      'authorizers[0].webhook: Required value: required when type=Webhook',
    ],
    [
      [{ type: 'RBAC', name: 'x', webhook }],
      'authorizers[0].webhook: Invalid value: "non-null": may only be specified when type=Webhook',
    ],
    [[hook({ timeout: null })], 'authorizers[0].timeout: Required value'],
    [
      [hook({ timeout: '31s' })],
      'authorizers[0].timeout: Invalid value: "31s": must be > 0s and <= 30s',
    ],
    [
      [hook({ authorizedTTL: '-1s' })],
      'authorizers[0].authorizedTTL: Invalid value: "-1s": must be > 0s',
    ],
    [
      [hook({ subjectAccessReviewVersion: 'v2' })],
      'authorizers[0].subjectAccessReviewVersion: Unsupported value: "v2": supported values: "v1", "v1beta1"',
    ],
    [
      [hook({ matchConditions: [{ expression: 'true' }] })],
      'authorizers[0].matchConditionSubjectAccessReviewVersion: Required value: required if match conditions are specified',
    ],
    [
      [hook({ failurePolicy: 'Allow' })],
      'authorizers[0].failurePolicy: Unsupported value: "Allow": supported values: "NoOpinion", "Deny"',
    ],
    [[hook({ connectionInfo: null })], 'authorizers[0].connectionInfo.type: Required value'],
    [
      [hook({ connectionInfo: { type: 'KubeConfigFile' } })],
      'authorizers[0].connectionInfo.kubeConfigFile: Required value',
    ],
    [
      [hook({ connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: 'x' } })],
      'authorizers[0].connectionInfo.kubeConfigFile: Invalid value: "x": must be an absolute path',
    ],
    [
      [hook({ connectionInfo: { type: 'InClusterConfig' } })],
      'InClusterConfig is not supported here',
    ],
    [
      [hook({ retries: 3 })],
      'strict decoding error: unknown field "authorizers[0].webhook.retries"',
    ],
    [[hook({ timeout: 3 })], 'authorizers[0].webhook.timeout: 3 is not a text'],
    ['x', 'authorizers: "x" is not a list'],
  ];
  for (const [authorizers, message] of cases) {
    const parse = () => parseAuthorizationConfig(configOf(authorizers));
    t.throws(parse, ConfigError, message);
    try {
      parse();
    } catch (error) {
      t.ok(String(error).includes(message), `${String(error)} has ${message}`);
    }
  }
  t.throws(() => parseAuthorizationConfig('kind: [}'), /no YAML/);
  t.throws(() => parseAuthorizationConfig('kind: Other'), /no AuthorizationConfiguration of/);
  t.throws(() => parseAuthorizationConfig('7'), /an object is required/);
  t.end();
});

function conditions(...expressions: string[]) {
  const errors: FieldError[] = [];
  const compiled = MatchConditions.compile(expressions, fieldPath('matchConditions'), errors);
  return { compiled, errors: errors.map(fieldErrorText) };
}

t.test('MatchConditions: all must hold, and one that does not decides before errors', (t) => {
  const spec = {
    user: 'jane',
    groups: ['dev'],
    extra: { 'example.com/tenant': ['one'] },
    resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'kube-system' },
  };
  const cases: readonly [readonly string[], boolean | RegExp][] = [
    [[], true],
    [
      ['has(request.resourceAttributes)', "request.resourceAttributes.namespace == 'kube-system'"],
      true,
    ],
    [["!('system:nodes' in request.groups)"], true],
    [["request.resourceAttributes.name == ''"], true],
    [["request.extra['example.com/tenant'].exists(t, t == 'one')"], true],
    [['has(request.nonResourceAttributes)'], false],
    [["request.nonResourceAttributes.path == '/'", "request.user == 'joe'"], false],
    [["request.nonResourceAttributes.path == '/'", "request.user == 'jane'"], /no such key/],
  ];
  for (const [expressions, expected] of cases) {
    const { compiled, errors } = conditions(...expressions);
    t.same(errors, []);
    if (typeof expected === 'boolean')
      t.equal(compiled.hold(spec), expected, expressions.join(' '));
    else t.throws(() => compiled.hold(spec), expected);
  }
  t.end();
});

t.test('selectorAttributes are what conditions and webhooks learn of selectors', (t) => {
  const request = { ...ask(user('jane'), 'list /pods n/'), fieldSelector: '', labelSelector: '' };
  const cases: readonly [string, string, object, string, boolean][] = [
    ['', '', {}, 'has(request.resourceAttributes.fieldSelector)', false],
    ['nodeName', 'a in (', {}, 'has(request.resourceAttributes.labelSelector)', false],
    [
      'spec.nodeName=n1,status.phase!=Failed',
      '',
      {
        fieldSelector: {
          requirements: [
            { key: 'spec.nodeName', operator: 'In', values: ['n1'] },
            { key: 'status.phase', operator: 'NotIn', values: ['Failed'] },
          ],
        },
      },
      "request.resourceAttributes.fieldSelector.requirements.exists(r, r.key == 'spec.nodeName' && r.values == ['n1'])",
      true,
    ],
    [
      '',
      'a=b,c in (d,e),f,!g,h!=i,j>5',
      {
        labelSelector: {
          requirements: [
            { key: 'a', operator: 'In', values: ['b'] },
            { key: 'c', operator: 'In', values: ['d', 'e'] },
            { key: 'f', operator: 'Exists' },
            { key: 'g', operator: 'DoesNotExist' },
            { key: 'h', operator: 'NotIn', values: ['i'] },
          ],
        },
      },
      "request.resourceAttributes.?labelSelector.requirements.orValue([]).all(r, r.operator != 'Gt')",
      true,
    ],
  ];
  for (const [fieldSelector, labelSelector, expected, condition, holds] of cases) {
    const attributes = selectorAttributes({ ...request, fieldSelector, labelSelector });
    const byKey = (a: { key?: string }, b: { key?: string }) =>
      (a.key ?? '') < (b.key ?? '') ? -1 : 1;
    attributes.labelSelector?.requirements?.sort(byKey);
    t.same(attributes, expected, `${fieldSelector} ${labelSelector}`);
    const { compiled, errors } = conditions(condition);
    t.same(errors, []);
    const spec = { user: 'jane', resourceAttributes: { verb: 'list', ...attributes } };
    t.equal(compiled.hold(spec), holds, condition);
  }
  t.end();
});

t.test('MatchConditions refuses expressions that are none of it', (t) => {
  const cases: readonly [readonly string[], RegExp][] = [
    [[' '], /^matchConditions\[0\]\.expression: Required value$/],
    [['true', 'true'], /^matchConditions\[1\]\.expression: Duplicate value: "true"$/],
    [['request.user'], /Invalid value: "request\.user": must evaluate to bool but got string$/],
    [['request.nope == 1'], /compilation failed: ERROR: <input>:1:8: undefined field 'nope'/],
    [['object.x'], /compilation failed: .*undeclared reference to 'object'/],
    [
      Array.from({ length: 65 }, (_, at) => `${at} == 0`),
      /^matchConditions: Too many: 65: must have at most 64 items$/,
    ],
  ];
  for (const [expressions, message] of cases)
    t.match(conditions(...expressions).errors.join('\n'), message);
  t.end();
});
