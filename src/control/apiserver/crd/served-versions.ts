import { parseJsonPath } from '../../api/apiextensions-v1/json-path.js';
import { structuralNode } from '../../api/apiextensions-v1/structural-node.js';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '../../api/gen/apiextensions-v1.js';
import type { SubresourceRow } from '../../api/rows.js';
import type { ServedResource } from '../../api/scheme.js';
import { customStorageLocation } from '../../api/storage-location.js';
import type { JsonObject } from '../../machinery/json.js';
import { compileSchemaRules, type RuleObserver } from '../cel/schema-rules.js';
import { type Converter, storedForms } from './conversion.js';
import { customRules } from './custom-rules.js';

/** What the versions of a custom resource are served with. */
export interface ServingParts {
  readonly convert: Converter;
  readonly isTerminating: () => boolean;
  readonly observer: RuleObserver;
}

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const partVerbs = ['get', 'patch', 'update'];

/** The versions of a definition that are served, under the names that were accepted. */
export function servedVersions(
  definition: CustomResourceDefinition,
  parts: ServingParts,
): readonly ServedResource[] {
  return (definition.spec?.versions ?? [])
    .filter(({ served }) => served === true)
    .map((version) => servedVersion(definition, version, parts));
}

/** One version, whether or not it is served. */
export function servedVersion(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  { convert, isTerminating, observer }: ServingParts,
): ServedResource {
  const { group = '', scope, names = {}, versions = [] } = definition.spec ?? {};
  const accepted = { ...names, ...definition.status?.acceptedNames };
  const { plural = '', kind: kindName = '' } = names;
  const name = version.name ?? '';
  const kind = { group, version: name, kind: kindName };
  const props = version.schema?.openAPIV3Schema ?? { type: 'object' };
  const schema = structuralNode(props);
  const storedVersion = versions.find(({ storage }) => storage === true)?.name ?? name;
  return {
    ...kind,
    resource: plural,
    singular: accepted.singular ?? kindName.toLowerCase(),
    listKind: accepted.listKind ?? `${kindName}List`,
    isNamespaced: scope === 'Namespaced',
    verbs,
    shortNames: accepted.shortNames ?? [],
    categories: accepted.categories ?? [],
    subresources: subresourcesOf(version, kind),
    storage: customStorageLocation({ group, storedVersion, resource: plural }),
    schema,
    rules: customRules({
      version,
      isTerminating,
      judge: compileSchemaRules(props, observer).judge,
    }),
    conversion: null,
    isCustom: true,
    forms: storedForms({ definition, version: name, schema, convert }),
    openApiSchema: props as unknown as JsonObject,
    ...scalePathsOf(version),
    ...(version.deprecated === true
      ? {
          deprecationWarning:
            version.deprecationWarning ?? `${group}/${name} ${kindName} is deprecated`,
        }
      : {}),
  };
}

function scalePathsOf({
  subresources,
}: CustomResourceDefinitionVersion): Pick<ServedResource, 'scalePaths'> {
  const scale = subresources?.scale;
  if (scale === undefined) return {};
  const names = (text: string) => parseJsonPath(text).fieldNames ?? [];
  const selector = scale.labelSelectorPath ?? '';
  return {
    scalePaths: {
      specReplicas: names(scale.specReplicasPath ?? ''),
      statusReplicas: names(scale.statusReplicasPath ?? ''),
      selector: selector === '' ? undefined : names(selector),
    },
  };
}

function subresourcesOf(
  { subresources }: CustomResourceDefinitionVersion,
  kind: SubresourceRow['kind'],
): readonly SubresourceRow[] {
  const rows: SubresourceRow[] = [];
  const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
  if (subresources?.scale !== undefined)
    rows.push({ name: 'scale', kind: scaleKind, verbs: partVerbs, isConnection: false });
  if (subresources?.status !== undefined)
    rows.push({ name: 'status', kind, verbs: partVerbs, isConnection: false });
  return rows;
}
