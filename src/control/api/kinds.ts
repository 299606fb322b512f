import { kinds as appsV1 } from './apps-v1/index.js';
import { kinds as batchV1 } from './batch-v1/index.js';
import { kinds as coreV1 } from './core-v1/index.js';
import type { KindDefinition } from './kind-definition.js';
import { kinds as rbacV1 } from './rbac-v1/index.js';

/** The rules of the built-in kinds that have some, from the folder of each group and version. */
export function builtInKinds(): readonly KindDefinition[] {
  return [...appsV1, ...batchV1, ...coreV1, ...rbacV1];
}
