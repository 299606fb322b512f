import { setCondition } from '../../api/apiextensions-v1/conditions.js';
import { apiextensionsGroup } from '../../api/apiextensions-v1/index.js';
import {
  validateDefinition,
  validateDefinitionUpdate,
} from '../../api/apiextensions-v1/validate-definition.js';
import type { CustomResourceDefinition } from '../../api/gen/apiextensions-v1.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import type { KubeObject } from '../../machinery/object.js';
import { invalid } from '../../machinery/status-errors.js';
import { validateDefinitionRules } from '../cel/validate-rules.js';
import type { RegistryHooks } from '../registry/registry-options.js';

/** Keeps a definition until all objects that it defines are gone. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

/** A definition is not simply removed: its deletion begins with that of its instances. */
export function definitionHooks(nowMs: () => number): RegistryHooks {
  return {
    beginCreate: async (object) => checkRules(object as CustomResourceDefinition, null),
    beginUpdate: async (object, old) =>
      checkRules(object as CustomResourceDefinition, old as CustomResourceDefinition),
    isHeld: ({ metadata }: KubeObject) => metadata.deletionTimestamp === undefined,
    markDeleted(object: KubeObject) {
      const definition = object as CustomResourceDefinition;
      const finalizers = definition.metadata.finalizers ?? [];
      if (!finalizers.includes(cleanupFinalizer))
        definition.metadata.finalizers = [...finalizers, cleanupFinalizer];
      setCondition(
        definition,
        {
          type: 'Terminating',
          status: 'True',
          reason: 'InstanceDeletionPending',
          message:
            'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
        },
        nowMs(),
      );
    },
  };
}

/** Rules in CEL are compiled before a definition is stored. Throws 422 with all that is wrong with it. */
function checkRules(
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition | null,
): null {
  if (old !== null && deepEqual(definition.spec, old.spec)) return null;
  const rules = validateDefinitionRules(definition);
  if (rules.length === 0) return null;
  const others =
    old === null ? validateDefinition(definition) : validateDefinitionUpdate(definition, old);
  throw invalid(
    { group: apiextensionsGroup, kind: 'CustomResourceDefinition' },
    definition.metadata.name ?? '',
    [...others, ...rules],
  );
}
