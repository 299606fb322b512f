/** What all controllers that make pods share: claims, pods of templates, counts, order of deletion, expectations of time. */
export {
  deletionCostAnnotation,
  inDeletionOrder,
  type RankedPod,
  withPodsOnNode,
} from './active-pods-rank.js';
export { canonicalTemplate } from './canonical-template.js';
export { type ClaimOptions, claimObjects } from './claim-objects.js';
export { withCondition, withoutCondition } from './conditions.js';
export { intOrPercent } from './int-or-percent.js';
export { isListed } from './is-listed.js';
export { OwnWrites } from './own-writes.js';
export { type OwnerEvents, ownedObjectHandler } from './owned-object-handler.js';
export {
  candidatesOf,
  controllerOf,
  controllerReference,
  controllerUidIndex,
  isControlledBy,
  orphanIndex,
  ownerIndexes,
  ownerKeys,
} from './owner.js';
export { type ClaimRules, type Claims, planClaims } from './plan-claims.js';
export { countReadiness, type PodReadiness } from './pod-availability.js';
export { PodControl } from './pod-control.js';
export { podFromTemplate, podNamePrefix } from './pod-from-template.js';
export { sameStatus } from './same-status.js';
export { type SlowStartResult, slowStart } from './slow-start.js';
export { safeText, templateHash } from './template-hash.js';
