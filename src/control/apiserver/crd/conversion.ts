import type { CustomResourceDefinition } from '../../api/gen/apiextensions-v1.js';
import { setSchemaDefaults } from '../../api/schema-defaults.js';
import type { StoredForms } from '../../api/scheme.js';
import { cloneJson } from '../../machinery/clone.js';
import { apiVersionOf, fieldsOf, type KubeObject } from '../../machinery/object.js';
import type { SchemaNode } from '../../machinery/schema-node.js';

/** Brings objects of one custom resource to a version, in order. All but `apiVersion` may change; metadata but for labels and annotations may not. */
export type Converter = (
  objects: readonly KubeObject[],
  desiredApiVersion: string,
) => Promise<readonly KubeObject[]>;

/** Strategy `None`: the versions differ in nothing but their names. */
export const renamingConverter: Converter = async (objects, apiVersion) =>
  objects.map((object) => ({ ...object, apiVersion }));

/** The forms of one version. Objects that are of that version already are not sent to the converter. */
export function storedForms(options: {
  readonly definition: CustomResourceDefinition;
  readonly version: string;
  readonly schema: SchemaNode;
  readonly convert: Converter;
}): StoredForms {
  const { definition, version, schema, convert } = options;
  const group = definition.spec?.group ?? '';
  const apiVersion = apiVersionOf({ group, version });
  const storage = definition.spec?.versions?.find((one) => one.storage === true)?.name ?? version;
  const storageVersion = apiVersionOf({ group, version: storage });
  return {
    async read(stored) {
      const objects = await converted(stored, apiVersion, convert);
      return objects.map((object) => {
        const completed = cloneJson(object);
        setSchemaDefaults(fieldsOf(completed), schema);
        return completed;
      });
    },
    async write(object) {
      const [written = object] = await converted([object], storageVersion, convert);
      return written;
    },
  };
}

async function converted(
  objects: readonly KubeObject[],
  apiVersion: string,
  convert: Converter,
): Promise<readonly KubeObject[]> {
  const others = objects.filter((object) => object.apiVersion !== apiVersion);
  if (others.length === 0) return objects;
  const made = await convert(others, apiVersion);
  let next = 0;
  return objects.map((object) =>
    object.apiVersion === apiVersion ? object : (made[next++] ?? object),
  );
}
