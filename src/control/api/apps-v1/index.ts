import type { KindDefinition } from '../kind-definition.js';
import { controllerRevisionKind } from './controller-revision.js';
import { daemonSetKind } from './daemon-set.js';
import { deploymentKind } from './deployment.js';
import { replicaSetKind } from './replica-set.js';
import { statefulSetKind } from './stateful-set.js';

/** The rules of the kinds of apps/v1. */
export const kinds: readonly KindDefinition[] = [
  controllerRevisionKind,
  daemonSetKind,
  deploymentKind,
  replicaSetKind,
  statefulSetKind,
];
