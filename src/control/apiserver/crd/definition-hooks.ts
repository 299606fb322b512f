import { setCondition } from '../../api/apiextensions-v1/conditions.js';
import type { CustomResourceDefinition } from '../../api/gen/apiextensions-v1.js';
import type { KubeObject } from '../../machinery/object.js';
import type { RegistryHooks } from '../registry/registry-options.js';

/** Keeps a definition until all objects that it defines are gone. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

/** A definition is not simply removed: its deletion begins with that of its instances. */
export function definitionHooks(nowMs: () => number): RegistryHooks {
  return {
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
