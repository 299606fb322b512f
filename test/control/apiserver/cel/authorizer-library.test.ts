import t from 'tap';
import { userInfo } from '../../../../src/control/apiserver/authentication/user-info.js';
import { admissionEnvironment } from '../../../../src/control/apiserver/cel/admission-environment.js';
import {
  AuthorizerCalls,
  authorizerValue,
} from '../../../../src/control/apiserver/cel/authorizer-library.js';
import type { AuthorizationRequest } from '../../../../src/control/apiserver/contracts.js';
import { compile } from '../../../../src/control/cel/program.js';
import type { CelValue } from '../../../../src/control/cel/values.js';

const environment = admissionEnvironment({ hasParams: false, variables: {} });
const about = {
  ...{ group: '', version: 'v1', namespace: 'n', resource: 'pods', subresource: '', name: 'p' },
};

/** What an expression comes to, what was asked of the authorizer, and what it cost. */
function run(expression: string): {
  readonly value: CelValue;
  readonly asked: readonly AuthorizationRequest[];
  readonly cost: number;
} {
  const asked: AuthorizationRequest[] = [];
  const calls = new AuthorizerCalls({
    authorize: (request) => {
      asked.push(request);
      return { decision: 'allow', reason: 'because' };
    },
  });
  const authorizer = authorizerValue(userInfo({ name: 'jane' }), about, calls);
  const budget = { left: 1_000_000 };
  const value = compile(expression, environment).run(
    (name) => (name === 'authorizer' ? authorizer : undefined),
    budget,
  );
  return { value, asked, cost: 1_000_000 - budget.left };
}

t.test('authorizer asks what an expression says, selectors among it', (t) => {
  const pods = "authorizer.group('').resource('pods')";
  const cases: readonly [string, Partial<AuthorizationRequest>][] = [
    [`${pods}.check('list')`, { verb: 'list', resource: 'pods', namespace: '' }],
    [
      `${pods}.fieldSelector('spec.nodeName=n1').labelSelector('a=b').check('list')`,
      { verb: 'list', fieldSelector: 'spec.nodeName=n1', labelSelector: 'a=b' },
    ],
    [`${pods}.fieldSelector('a=b').fieldSelector('').check('list')`, { fieldSelector: '' }],
    ["authorizer.requestResource.check('get')", { name: 'p', namespace: 'n', verb: 'get' }],
    ["authorizer.path('/healthz').check('get')", { path: '/healthz', isResourceRequest: false }],
    [
      "authorizer.serviceAccount('n', 's').path('/x').check('get')",
      {
        user: userInfo({
          name: 'system:serviceaccount:n:s',
          groups: ['system:serviceaccounts', 'system:serviceaccounts:n', 'system:authenticated'],
        }),
      },
    ],
  ];
  for (const [expression, expected] of cases) {
    const { value, asked } = run(`${expression}.allowed()`);
    t.equal(value, true, expression);
    t.match(asked, [expected], expression);
  }
  t.end();
});

t.test('authorizer counts what selectors take, by their length', (t) => {
  const cost = (selector: string) =>
    run(
      `authorizer.group('').resource('pods').labelSelector('${selector}').check('list').allowed()`,
    ).cost;
  const short = cost('');
  t.equal(cost('a=b') - short, 1 + 2 * 50);
  t.equal(cost('a=b,c in (d,e)') - short, 2 + 7 * 50);
  t.end();
});

t.test('authorizer refuses what cannot be asked', (t) => {
  const cases: readonly [string, RegExp][] = [
    ["authorizer.path(' ').check('get')", /path must not be empty/],
    ["authorizer.group('').resource('  ').check('get')", /resource must not be empty/],
    ["authorizer.serviceAccount('a.b', 's').path('/')", /Invalid service account namespace/],
    ["authorizer.serviceAccount('n', 'S').path('/')", /Invalid service account name$/],
  ];
  for (const [expression, message] of cases) t.throws(() => run(expression), message, expression);
  t.end();
});
