import type { KindDefinition } from '../kind-definition.js';
import { flowSchemaKind } from './flow-schema.js';
import { priorityLevelConfigurationKind } from './priority-level.js';

/** The rules of the kinds of flowcontrol.apiserver.k8s.io/v1. */
export const kinds: readonly KindDefinition[] = [flowSchemaKind, priorityLevelConfigurationKind];
