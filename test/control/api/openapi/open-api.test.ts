import t from 'tap';
import { referencesIn } from '../../../../src/control/api/openapi/definition-schemas.js';
import { enumsOf } from '../../../../src/control/api/openapi/enum-facts.js';
import { OpenApi } from '../../../../src/control/api/openapi/open-api.js';
import { parseRuntimeConfig } from '../../../../src/control/api/runtime-config.js';
import { schemaFacts } from '../../../../src/control/api/schema-facts.js';
import { Scheme } from '../../../../src/control/api/scheme.js';
import type { JsonObject } from '../../../../src/control/machinery/json.js';
import { cronTabs } from '../custom-resource.js';

const everything = { runtimeConfig: parseRuntimeConfig('api/all=true') };

type Operation = {
  operationId: string;
  'x-kubernetes-action'?: string;
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string };
  parameters?: { name: string; in: string }[];
};
type Paths = Record<string, Record<string, Operation>>;

function openApi(scheme = new Scheme(everything)): OpenApi {
  return new OpenApi(scheme, { serverVersion: 'v1.36.0' });
}

function parse(document: { bytes: Uint8Array } | undefined): JsonObject {
  return JSON.parse(Buffer.from(document?.bytes ?? []).toString());
}

function operationsOf(document: JsonObject): (readonly [string, string, Operation])[] {
  return Object.entries(document.paths as Paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) =>
      method === 'parameters' ? [] : [[path, method, operation] as const],
    ),
  );
}

t.test(
  'version2 has every path of Kubernetes with its action and kind, and no others',
  async (t) => {
    const expected = Object.entries(schemaFacts().paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, [action, kind]]) => `${path} ${method} ${action} ${kind}`,
      ),
    );
    const actual = operationsOf(parse(openApi().version2('json'))).flatMap(
      ([path, method, operation]) => {
        const kind = operation['x-kubernetes-group-version-kind'];
        if (kind === undefined) return [];
        const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
        return [`${path} ${method} ${operation['x-kubernetes-action']} ${apiVersion}/${kind.kind}`];
      },
    );
    t.strictSame(actual.sort(), expected.sort());
  },
);

t.test('operations have names of their own, the ones that Kubernetes gives them', async (t) => {
  const ids = operationsOf(parse(openApi().version2('json'))).map(
    ([, , { operationId }]) => operationId,
  );
  t.equal(new Set(ids).size, ids.length);
  for (const id of [
    'listCoreV1NamespacedPod',
    'listCoreV1PodForAllNamespaces',
    'readCoreV1Node',
    'createCoreV1NamespacedPodEviction',
    'createCoreV1NamespacedServiceAccountToken',
    'deleteCoreV1CollectionNamespacedPod',
    'connectCoreV1GetNamespacedPodExec',
    'connectCoreV1PostNamespacedPodProxyWithPath',
    'watchCoreV1NamespacedPodList',
    'watchCoreV1PodListForAllNamespaces',
    'patchAppsV1NamespacedDeploymentScale',
    'replaceRbacAuthorizationV1ClusterRole',
    'getAppsV1APIResources',
    'getAppsAPIGroup',
    'getCodeVersion',
  ]) {
    t.ok(ids.includes(id), id);
  }
});

t.test('every document has all definitions that it refers to', async (t) => {
  const documents = openApi();
  const names = Object.keys(documents.index().paths as object);
  t.ok(names.includes('api/v1'));
  t.ok(names.includes('apis/apps/v1'));
  for (const name of names) {
    const document = parse(documents.version3(name));
    const { schemas } = document.components as { schemas: JsonObject };
    const missing = [...referencesIn(document)].filter(
      (definition) => !Object.hasOwn(schemas, definition),
    );
    t.strictSame(missing, [], name);
  }
  const swagger = parse(documents.version2('json'));
  const missing = [...referencesIn(swagger)].filter(
    (definition) => !Object.hasOwn(swagger.definitions as object, definition),
  );
  t.strictSame(missing, []);
});

t.test('schemas carry the marks that clients merge by', async (t) => {
  const swagger = parse(openApi().version2('json'));
  const definitions = swagger.definitions as Record<
    string,
    { properties: Record<string, JsonObject> }
  >;
  t.match(definitions['io.k8s.api.core.v1.PodSpec']?.properties.containers, {
    type: 'array',
    items: { $ref: '#/definitions/io.k8s.api.core.v1.Container' },
    'x-kubernetes-list-map-keys': ['name'],
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-patch-merge-key': 'name',
    'x-kubernetes-patch-strategy': 'merge',
  });
  t.match(definitions['io.k8s.api.core.v1.Pod'], {
    'x-kubernetes-group-version-kind': [{ group: '', kind: 'Pod', version: 'v1' }],
  });
  t.match(definitions['io.k8s.api.core.v1.PodSpec']?.properties.restartPolicy, {
    enum: ['Always', 'Never', 'OnFailure'],
  });
  t.match(definitions['io.k8s.api.networking.v1.NetworkPolicySpec']?.properties.policyTypes, {
    items: { type: 'string', enum: ['Egress', 'Ingress'] },
  });
  t.match(definitions['io.k8s.api.core.v1.SeccompProfile'], {
    'x-kubernetes-unions': [{ discriminator: 'type' }],
  });
  t.same(
    definitions['io.k8s.api.apps.v1.DeploymentSpec']?.properties.strategy?.[
      'x-kubernetes-patch-strategy'
    ],
    'retainKeys',
    'beside a reference too',
  );
});

t.test(
  'version 3 puts references beside nothing else, and says what numbers and texts may be',
  async (t) => {
    const document = parse(openApi().version3('api/v1'));
    const { schemas } = document.components as { schemas: Record<string, JsonObject> };
    const isLonely = (value: unknown): boolean => {
      if (typeof value !== 'object' || value === null) return true;
      if (Object.hasOwn(value, '$ref')) return Object.keys(value).length === 1;
      return Object.values(value).every(isLonely);
    };
    t.ok(isLonely(schemas));
    t.match(schemas['io.k8s.apimachinery.pkg.api.resource.Quantity'], {
      oneOf: [{ type: 'string' }, { type: 'number' }],
    });
    t.match(schemas['io.k8s.apimachinery.pkg.util.intstr.IntOrString'], {
      format: 'int-or-string',
      oneOf: [{ type: 'integer' }, { type: 'string' }],
    });
  },
);

t.test('patches have the parameters that kubectl looks for before it relies on them', async (t) => {
  for (const document of [
    parse(openApi().version2('json')),
    parse(openApi().version3('apis/apps/v1')),
  ]) {
    const path = '/apis/apps/v1/namespaces/{namespace}/deployments/{name}';
    const { patch } = (document.paths as Paths)[path] ?? {};
    const names = patch?.parameters?.filter((one) => one.in === 'query').map(({ name }) => name);
    t.strictSame(names, ['dryRun', 'fieldManager', 'fieldValidation', 'force']);
  }
});

t.test('custom resources come and go with the scheme', async (t) => {
  const scheme = new Scheme();
  const documents = openApi(scheme);
  const name = 'apis/stable.example.com/v1';
  const before = parse(documents.version2('json'));
  const index = documents.index();
  t.equal(documents.version3(name), undefined);
  const openApiSchema = {
    type: 'object',
    description: 'A tab.',
    properties: {
      spec: {
        type: 'object',
        properties: { image: { type: 'string', nullable: true, default: 'a' } },
      },
    },
  };
  const of = { group: 'stable.example.com', resource: 'crontabs' };
  scheme.setCustom(of, [{ ...cronTabs('v1'), openApiSchema }]);
  const first = documents.version3(name);
  const document = parse(first);
  const { schemas } = document.components as { schemas: Record<string, JsonObject> };
  t.match(schemas['com.example.stable.v1.CronTab'], {
    description: 'A tab.',
    properties: {
      apiVersion: { type: 'string', description: /^APIVersion defines / },
      metadata: {
        description: /^Standard object's metadata/,
        allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }],
      },
      spec: { properties: { image: { type: 'string', nullable: true, default: 'a' } } },
    },
    'x-kubernetes-group-version-kind': [
      { group: 'stable.example.com', kind: 'CronTab', version: 'v1' },
    ],
  });
  t.ok(schemas['com.example.stable.v1.CronTabList']);
  const swagger = parse(documents.version2('json'));
  const definitions = swagger.definitions as Record<string, JsonObject>;
  t.match(definitions['com.example.stable.v1.CronTab'], {
    properties: { spec: { properties: { image: {} } } },
  });
  t.notMatch(JSON.stringify(definitions['com.example.stable.v1.CronTab']), 'nullable');

  scheme.setCustom(of, [{ ...cronTabs('v1'), openApiSchema: { type: 'object' } }]);
  t.not(documents.version3(name)?.hash, first?.hash, 'another schema has another hash');
  scheme.setCustom(of, []);
  t.equal(documents.version3(name), undefined);
  t.strictSame(documents.index(), index);
  t.strictSame(parse(documents.version2('json')), before);
});

t.test(
  'version2 says nothing of the fields of custom resources that it could only say wrongly',
  async (t) => {
    const definition = (openApiSchema: JsonObject): JsonObject => {
      const scheme = new Scheme(everything);
      scheme.setCustom({ group: 'stable.example.com', resource: 'crontabs' }, [
        { ...cronTabs('v1'), openApiSchema },
      ]);
      const { definitions } = parse(openApi(scheme).version2('json'));
      return (definitions as JsonObject)['com.example.stable.v1.CronTab'] as JsonObject;
    };
    const mark = { group: 'stable.example.com', kind: 'CronTab', version: 'v1' };
    const whole = definition({
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      properties: { spec: { type: 'string' } },
    });
    t.strictSame(whole, { type: 'object', 'x-kubernetes-group-version-kind': [mark] });
    const unknown = { 'x-kubernetes-preserve-unknown-fields': true };
    const inside = definition({
      type: 'object',
      properties: {
        spec: { type: 'object', ...unknown, properties: { a: { type: 'string' } } },
        list: { type: 'array', ...unknown, items: { type: 'object' } },
        any: unknown,
      },
    });
    const { spec, list, any } = inside.properties as JsonObject;
    t.strictSame({ spec, list, any }, { spec: unknown, list: unknown, any: unknown });
    const embedded = { type: 'object', 'x-kubernetes-embedded-resource': true };
    const holder = definition({
      type: 'object',
      properties: {
        one: { ...embedded, properties: { spec: { type: 'object' } } },
        open: { ...embedded, ...unknown },
      },
    });
    const { one, open } = holder.properties as JsonObject;
    t.strictSame(open, { 'x-kubernetes-embedded-resource': true, ...unknown });
    const fields = Object.keys((one as JsonObject).properties as JsonObject).sort();
    t.strictSame(fields, ['apiVersion', 'kind', 'metadata', 'spec']);
    t.strictSame((one as JsonObject).required, ['kind', 'apiVersion']);
    const { required, properties } = definition({
      type: 'object',
      required: ['spec', 'note'],
      properties: {
        spec: {
          type: 'object',
          allOf: [{ required: ['a'] }],
          anyOf: [{ required: ['b'] }],
          properties: { a: { type: 'string' } },
        },
        note: { type: 'string', nullable: true },
      },
    });
    t.strictSame(required, ['spec'], 'null is no value to kubectl');
    t.match(properties, { note: {} });
    t.strictSame((properties as JsonObject).note, {});
    t.strictSame((properties as JsonObject).spec, {
      type: 'object',
      properties: { a: { type: 'string' } },
    });
  },
);

t.test(
  'documents are made once, and those of built-in versions are kept when custom resources come',
  async (t) => {
    const scheme = new Scheme();
    const documents = openApi(scheme);
    const [core, all] = [documents.version3('api/v1'), documents.version2('json')];
    t.equal(documents.version3('api/v1'), core);
    t.equal(documents.version2('json'), all);
    scheme.setCustom({ group: 'stable.example.com', resource: 'crontabs' }, [cronTabs('v1')]);
    t.equal(documents.version3('api/v1'), core);
    t.not(documents.version2('json').hash, all.hash);
  },
);

t.test(
  'every field with a choice of values is there, and is text or a list of texts',
  async (t) => {
    for (const name of Object.keys(schemaFacts().definitions)) {
      const { properties } = schemaFacts().definitions[name] ?? {};
      for (const [field, values] of Object.entries(enumsOf(name))) {
        const fact = properties?.[field];
        t.equal(fact?.items?.type ?? fact?.type, 'string', `${name}.${field}`);
        t.ok(values.length > 0);
      }
    }
  },
);
