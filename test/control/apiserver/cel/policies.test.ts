import t from 'tap';
import { until } from '../../../client/until.js';
import { type ApiRig, startApi } from '../server/api-rig.js';

const base = '/apis/admissionregistration.k8s.io/v1';
const configMaps = '/api/v1/namespaces/default/configmaps';
const matchConstraints = {
  resourceRules: [
    { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] },
  ],
};

async function install(
  rig: ApiRig,
  kind: 'Validating' | 'Mutating',
  spec: object,
  binding: object,
): Promise<void> {
  const path = `${base}/${kind.toLowerCase()}admissionpolic`;
  const body = {
    metadata: { name: 'p' },
    spec: { failurePolicy: 'Fail', matchConstraints, ...spec },
  };
  const made = await rig.ask('POST', `${path}ies`, { body });
  if (made.status !== 201) throw new Error(made.text);
  const bound = { metadata: { name: 'b' }, spec: { policyName: 'p', ...binding } };
  const answer = await rig.ask('POST', `${path}ybindings`, { body: bound });
  if (answer.status !== 201) throw new Error(answer.text);
}

const configMap = (name: string, data: Record<string, string> = {}) => ({
  metadata: { name },
  data,
});

t.test('ValidatingAdmissionPolicies deny, warn and take parameters', async (t) => {
  const rig = await startApi(t);
  await rig.ask('POST', configMaps, { body: configMap('limits', { max: '3' }) });
  await install(
    rig,
    'Validating',
    {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      matchConditions: [{ name: 'free', expression: "!object.metadata.name.startsWith('free')" }],
      variables: [{ name: 'max', expression: 'int(params.data.max)' }],
      validations: [
        {
          expression: "int(object.data.?n.orValue('0')) <= variables.max",
          messageExpression:
            "'at most ' + string(variables.max) + ', ' + request.userInfo.username",
        },
        {
          expression:
            "authorizer.group('').resource('pods').namespace(namespaceObject.metadata.name).check('create').allowed()",
          reason: 'Forbidden',
        },
      ],
    },
    {
      validationActions: ['Deny'],
      paramRef: { name: 'limits', namespace: 'default', parameterNotFoundAction: 'Deny' },
    },
  );
  const create = (name: string, n: string, query = '?dryRun=All') =>
    rig.ask('POST', configMaps + query, { body: configMap(name, { n }) });
  await until('the policy denies', async () => (await create('x', '9')).status === 422);
  const denied = await create('x', '4');
  t.equal(denied.status, 422);
  t.equal(denied.json.reason, 'Invalid');
  t.equal(
    denied.json.message,
    `configmaps "x" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: at most 3, admin`,
  );
  t.equal((await create('x', '3')).status, 201);
  t.equal((await create('free', '9')).status, 201, 'a match condition does not hold');
  const broken = await create('x', 'many');
  t.match(
    broken.json.message,
    'resulted in error: strconv.ParseInt: parsing "many": invalid syntax',
  );
  await rig.ask('PUT', `${base}/validatingadmissionpolicybindings/b`, {
    body: {
      metadata: { name: 'b' },
      spec: {
        policyName: 'p',
        validationActions: ['Warn'],
        paramRef: { name: 'limits', namespace: 'default', parameterNotFoundAction: 'Deny' },
      },
    },
  });
  await until('it only warns', async () => (await create('x', '4')).status === 201);
  t.match(
    (await create('x', '4')).headers.warning,
    "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': at most 3",
  );
  const { text } = await rig.ask('GET', '/metrics');
  const check = 'apiserver_validating_admission_policy_check_total\\{policy="p",policy_binding="b"';
  t.match(text, new RegExp(`${check},error_type="no_error",enforcement_action="deny"\\} [1-9]`));
  t.match(text, new RegExp(`${check},error_type="no_error",enforcement_action="allow"\\} [1-9]`));
});

t.test('MutatingAdmissionPolicies change objects by configurations and patches', async (t) => {
  const rig = await startApi(t);
  await install(
    rig,
    'Mutating',
    {
      reinvocationPolicy: 'Never',
      mutations: [
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: {
            expression: 'Object{metadata: Object.metadata{labels: {"by": "policy"}}}',
          },
        },
        {
          patchType: 'JSONPatch',
          jsonPatch: {
            expression:
              '[JSONPatch{op: "add", path: "/data/" + jsonpatch.escapeKey("k"), value: string(size(object.data))}]',
          },
        },
      ],
    },
    {},
  );
  const create = () =>
    rig.ask('POST', `${configMaps}?dryRun=All`, { body: configMap('x', { a: 'b' }) });
  await until('it changes what is made', async () => (await create()).json.data.k === '1');
  t.same((await create()).json.metadata.labels, { by: 'policy' });
});

t.test('expressions that do not compile are refused with their policy', async (t) => {
  const rig = await startApi(t);
  const spec = {
    matchConstraints,
    validations: [{ expression: 'objct.a == 1' }, { expression: '1' }],
  };
  const answer = await rig.ask('POST', `${base}/validatingadmissionpolicies`, {
    body: { metadata: { name: 'p' }, spec },
  });
  t.equal(answer.status, 422);
  t.match(answer.json.message, "undeclared reference to 'objct' (in container '')");
  t.match(
    answer.json.message,
    'spec.validations[1].expression: Invalid value: "1": must evaluate to bool',
  );
});
