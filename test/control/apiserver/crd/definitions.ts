import type { Test } from 'tap';
import { until } from '../../../client/until.js';
import type { ApiRig } from '../server/api-rig.js';

/** Where CustomResourceDefinitions are. */
export const definitionsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** A definition of `widgets.example.com` with one version; `version` adds to it. */
export function widgets(
  schema: Record<string, unknown>,
  version: Record<string, unknown> = {},
  spec: Record<string, unknown> = {},
) {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: schema } } },
          ...version,
        },
      ],
      ...spec,
    },
  };
}

/** A widget in namespace `default`. */
export function widget(name: string, spec: Record<string, unknown>) {
  return { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name }, spec };
}

/** Where widgets are. */
export const widgetsPath = '/apis/example.com/v1/namespaces/default/widgets';

/** Makes a definition and waits until this server serves it. */
export async function define(
  t: Test,
  rig: ApiRig,
  definition: ReturnType<typeof widgets>,
): Promise<void> {
  const made = await rig.ask('POST', definitionsPath, { body: definition });
  t.equal(made.status, 201, made.text);
  const { group, names, versions } = definition.spec;
  const name = (versions[0] as { name: string }).name;
  await until(
    'the kind is served',
    async () => (await rig.ask('GET', `/apis/${group}/${name}/${names.plural}`)).status === 200,
  );
}
