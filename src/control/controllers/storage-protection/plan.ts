import type { KubeObject } from '../../machinery/object.js';

/** What is to happen to the finalizer of an object. */
export type ProtectionStep = 'add' | 'remove' | 'ask' | 'nothing';

/**
 * An object that lives gets the finalizer; one that is being deleted loses it once nobody uses it. `ask`: it seems that nobody does, and
 * the server is to be asked before that is believed. Pure.
 */
export function planProtection(
  object: KubeObject,
  finalizer: string,
  isUsed: boolean,
): ProtectionStep {
  const isProtected = object.metadata.finalizers?.includes(finalizer) ?? false;
  const isDeleted = object.metadata.deletionTimestamp !== undefined;
  if (!isDeleted) return isProtected ? 'nothing' : 'add';
  if (!isProtected) return 'nothing';
  return isUsed ? 'nothing' : 'ask';
}

/** The object with the finalizer, or without it. */
export function withFinalizer<T extends KubeObject>(
  object: T,
  finalizer: string,
  step: 'add' | 'remove',
): T {
  const { finalizers = [] } = object.metadata;
  const others = finalizers.filter((each) => each !== finalizer);
  const next = step === 'add' ? [...finalizers, finalizer] : others;
  return { ...object, metadata: { ...object.metadata, finalizers: next } };
}
