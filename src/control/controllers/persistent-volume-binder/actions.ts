import type { PersistentVolume, PersistentVolumeClaim } from '../../api/gen/core-v1.js';
import type { EventType } from '../../client/index.js';

/**
 * One thing to do. Objects are as they are to be, in the version from which that was planned: when several actions write one object, each
 * stands on the one before.
 */
export type BinderAction =
  | { readonly kind: 'write-volume'; readonly volume: PersistentVolume }
  | { readonly kind: 'write-volume-status'; readonly volume: PersistentVolume }
  | { readonly kind: 'write-claim'; readonly claim: PersistentVolumeClaim }
  | { readonly kind: 'write-claim-status'; readonly claim: PersistentVolumeClaim }
  | { readonly kind: 'create-volume'; readonly volume: PersistentVolume }
  | { readonly kind: 'delete-volume'; readonly volume: PersistentVolume }
  /** The claim is to be looked at. */
  | { readonly kind: 'look-at-claim'; readonly key: string }
  /** Told when everything before it was done. */
  | {
      readonly kind: 'event';
      readonly about: PersistentVolume | PersistentVolumeClaim;
      readonly type: EventType;
      readonly reason: string;
      readonly message: string;
    };

/** An event among the actions. */
export function told(
  about: PersistentVolume | PersistentVolumeClaim,
  type: EventType,
  reason: string,
  message: string,
): BinderAction {
  return { kind: 'event', about, type, reason, message };
}
