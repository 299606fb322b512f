import type { ControllerDefinition } from './controller.js';
import { garbageCollectorDefinition } from './garbage-collector/definition.js';
import { namespaceDefinition } from './namespace/definition.js';
import { rootCaDefinition } from './root-ca/definition.js';
import { serviceAccountDefinition } from './service-account/definition.js';

/** What a cluster without nodes needs so that pods can be made and deletions come to their end: tests run these by default. */
export function standardDefinitions(choice: {
  readonly namespaceDeletion: boolean;
  readonly garbageCollection: boolean;
}): readonly ControllerDefinition[] {
  return [
    serviceAccountDefinition,
    rootCaDefinition,
    ...(choice.namespaceDeletion ? [namespaceDefinition] : []),
    ...(choice.garbageCollection ? [garbageCollectorDefinition] : []),
  ];
}
