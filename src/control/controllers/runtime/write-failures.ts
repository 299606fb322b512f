import { StatusError } from '../../machinery/status.js';

/** The object is not there. */
export function isNotFound(error: unknown): error is StatusError {
  return error instanceof StatusError && error.reason === 'NotFound';
}

/** An object of that name is there. */
export function isAlreadyExists(error: unknown): error is StatusError {
  return error instanceof StatusError && error.reason === 'AlreadyExists';
}

/** Somebody else has changed the object since it was read. */
export function isConflict(error: unknown): error is StatusError {
  return error instanceof StatusError && error.reason === 'Conflict';
}

/** Nothing can be created there: the namespace is being deleted. */
export function isNamespaceTerminating(error: unknown): error is StatusError {
  if (!(error instanceof StatusError)) return false;
  return error.status.details?.causes?.some(isTerminating) ?? false;
}

function isTerminating({ reason }: { readonly reason?: string }): boolean {
  return reason === 'NamespaceTerminating';
}

/** For `catch`: what is gone needs no write. Other errors are thrown on. */
export function ignoreNotFound(error: unknown): null {
  if (isNotFound(error)) return null;
  throw error;
}

/** For `catch` of a creation: another was faster and the informer will show it, or the namespace is going. Others are thrown on. */
export function ignoreNotNeeded(error: unknown): null {
  if (isAlreadyExists(error) || isNotFound(error) || isNamespaceTerminating(error)) return null;
  throw error;
}
