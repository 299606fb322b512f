import type { KubeObject, ObjectMeta } from '../../machinery/object.js';
import { controllerOf } from './owner.js';

/** What becomes of the objects that an owner might have. Each candidate is in one of the lists at most. */
export interface Claims<T extends KubeObject> {
  /** Its own already. */
  readonly owned: readonly T[];
  /** Nobody's, and wanted. */
  readonly adopt: readonly T[];
  /** Its own, and no longer what it selects. */
  readonly release: readonly T[];
}

/** Who claims, and what it wants. */
export interface ClaimRules<T extends KubeObject> {
  readonly owner: { readonly metadata: ObjectMeta };
  /** Whether the owner wants the object. */
  readonly matches: (object: T) => boolean;
  readonly candidates: Iterable<T>;
}

/**
 * Sorts candidates into what an owner has, takes and gives up. An owner that is being deleted takes and gives up nothing; an object
 * that is being deleted is not taken. Order is kept.
 */
export function planClaims<T extends KubeObject>({
  owner,
  matches,
  candidates,
}: ClaimRules<T>): Claims<T> {
  const { uid, namespace = '', deletionTimestamp } = owner.metadata;
  const isOwnerGoing = deletionTimestamp !== undefined;
  const claims = { owned: [] as T[], adopt: [] as T[], release: [] as T[] };
  for (const object of candidates) {
    const controller = controllerOf(object);
    if (controller !== undefined) {
      if (controller.uid !== uid) continue;
      if (matches(object)) claims.owned.push(object);
      else if (!isOwnerGoing) claims.release.push(object);
      continue;
    }
    const isTakeable = !isOwnerGoing && object.metadata.deletionTimestamp === undefined;
    const isNear = (object.metadata.namespace ?? '') === namespace;
    if (isTakeable && isNear && matches(object)) claims.adopt.push(object);
  }
  return claims;
}
