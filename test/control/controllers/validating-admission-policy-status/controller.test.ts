import t from 'tap';
import type { ValidatingAdmissionPolicy } from '../../../../src/control/api/gen/admissionregistration-v1.js';
import type { CustomResourceDefinition } from '../../../../src/control/api/gen/apiextensions-v1.js';
import { apiResource, resources } from '../../../../src/control/client/index.js';
import { isNotFound } from '../../../../src/control/controllers/runtime/write-failures.js';
import { policyStatusDefinition } from '../../../../src/control/controllers/validating-admission-policy-status/definition.js';
import { eventually, startControllers, testEnv } from '../cluster-env.js';

function policy(
  name: string,
  about: { readonly group: string; readonly version: string; readonly resource: string },
  expressions: readonly string[],
): ValidatingAdmissionPolicy {
  return {
    metadata: { name },
    spec: {
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: [about.group],
            apiVersions: [about.version],
            operations: ['CREATE'],
            resources: [about.resource],
          },
        ],
      },
      validations: expressions.map((expression) => ({ expression })),
    },
  };
}

const customResourceDefinitions = apiResource<CustomResourceDefinition>(
  'apiextensions.k8s.io/v1',
  'customresourcedefinitions',
  'CustomResourceDefinition',
  'cluster',
);

const crontabs: CustomResourceDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'crontabs.stable.example.com' },
  spec: {
    group: 'stable.example.com',
    scope: 'Namespaced',
    names: { plural: 'crontabs', kind: 'CronTab' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: { replicas: { type: 'integer' } },
              },
            },
          },
        },
      },
    ],
  },
};

t.test(
  'the controller writes what does not fit into the status, and looks again at changes',
  async (t) => {
    const env = await testEnv(t);
    startControllers(t, env, [policyStatusDefinition]);
    const policies = env.client.objects(resources.validatingAdmissionPolicies);
    const apps = { group: 'apps', version: 'v1', resource: 'deployments' };
    const looked = (name: string) =>
      eventually(
        `the status of ${name}`,
        () => policies.get({ name }),
        ({ metadata, status }) =>
          status !== undefined && status.observedGeneration === metadata.generation,
      );

    await policies.create(
      policy('confused', apps, [
        'object.spec.replicas < 100',
        "object.spec.replicas > '1'",
        'object.spec.template.spec.containers.all(c, c.nothing == 1)',
      ]),
    );
    const confused = await looked('confused');
    const warnings = confused.status?.typeChecking?.expressionWarnings ?? [];
    t.same(
      warnings.map(({ fieldRef }) => fieldRef),
      ['spec.validations[1].expression', 'spec.validations[2].expression'],
    );
    t.equal(
      warnings[0]?.warning,
      `apps/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'
 | object.spec.replicas > '1'
 | .....................^
`,
    );
    t.match(warnings[1]?.warning, /undefined field 'nothing'/);

    const validations = [{ expression: 'object.spec.replicas < 100' }];
    await policies.patch({ name: 'confused' }, 'merge', { spec: { validations } });
    const repaired = await looked('confused');
    t.equal(repaired.status?.typeChecking?.expressionWarnings, undefined);
    await policies.create(policy('sound', apps, ['object.spec.replicas < 100']));
    t.same((await looked('sound')).status?.typeChecking, {});

    const definitions = env.client.objects(customResourceDefinitions);
    await definitions.create(crontabs);
    const instances = env.client.objects(
      apiResource('stable.example.com/v1', 'crontabs', 'CronTab'),
    );
    const isServed = () =>
      instances.list().then(
        () => true,
        (error: unknown) => {
          if (isNotFound(error)) return false;
          throw error;
        },
      );
    await eventually('the definition is served', isServed, (served) => served);
    const custom = { group: 'stable.example.com', version: 'v1', resource: 'crontabs' };
    await policies.create(policy('custom', custom, ['object.spec.replicas > 1', 'object.spec.x']));
    const found = (await looked('custom')).status?.typeChecking?.expressionWarnings;
    t.match(found, [
      {
        fieldRef: 'spec.validations[1].expression',
        warning: /^stable.example.com\/v1, Kind=CronTab: ERROR: <input>:1:12: undefined field 'x'/,
      },
    ]);
  },
);
