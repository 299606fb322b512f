import { ClientError } from '../../../client/index.js';
import type { GroupResource } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import {
  about,
  failure,
  internalError,
  requestEntityTooLarge,
  resourceExpired,
  retryAfter,
  serverTimeout,
  timeoutError,
  tooManyRequests,
} from '../../machinery/status-errors.js';

/** What was asked of the store when it failed. */
export type StoreAction = 'get' | 'list' | 'watch' | 'create' | 'update' | 'delete';

/** What Kubernetes says when a request's time is up. */
const outOfTimeText =
  'request did not complete within requested timeout - context deadline exceeded';
const retrySeconds = 2;

/**
 * The answer for a request that the store failed. A write whose outcome is unknown is a 504 without Retry-After, as clients repeat
 * by themselves what carries one; what surely had no effect may be repeated. Bugs are thrown on.
 */
export function storeFailure(
  error: unknown,
  { action, resource }: { readonly action: StoreAction; readonly resource: GroupResource },
): StatusError {
  if (error instanceof StatusError) return error;
  if (!(error instanceof ClientError)) throw error;
  if (error.maybeApplied) return withCause(unknownOutcome(error), error);
  switch (error.code) {
    case 'timeout':
    case 'unavailable':
    case 'closed':
    case 'cancelled':
    case 'not-leader':
      return withCause(serverTimeout(resource, action, retrySeconds), error);
    case 'too-many-requests':
      return withCause(tooManyRequests(error.message, retrySeconds), error);
    case 'request-too-large':
      return withCause(requestEntityTooLarge(error.message), error);
    default:
      return internalError(error);
  }
}

function unknownOutcome(error: ClientError): StatusError {
  const text =
    error.code === 'timeout'
      ? outOfTimeText
      : `it is not known whether the request took effect: ${error.message}`;
  return timeoutError(text, 0);
}

/** 504: a write did not come through in its time; it surely has no effect. */
export function outOfTime(): StatusError {
  return timeoutError(outOfTimeText, 0);
}

/** 504: a revision is asked for that the store, or the cache within its patience, has not reached. */
export function revisionTooLarge(
  revision: number,
  current: number,
  retryAfterSeconds: number,
): StatusError {
  return failure(
    504,
    'Timeout',
    `Timeout: Too large resource version: ${revision}, current: ${current}`,
    {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      ...retryAfter(retryAfterSeconds),
    },
  );
}

/** 410: a list's pages are of a revision that is compacted. */
export function continueExpired(): StatusError {
  return resourceExpired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
      'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
      'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted ' +
      'between the time the first chunk was returned and now may show up in the list.',
  );
}

/** 410: a list of a revision that is compacted. */
export function listExpired(): StatusError {
  return resourceExpired('The resourceVersion for the provided list is too old.');
}

/** 410: a watch from a revision that is not kept; `oldest` is the first that a watch may start after. */
export function watchExpired(revision: number, oldest: number): StatusError {
  return resourceExpired(`too old resource version: ${revision} (${oldest})`);
}

/** 429: the cache is not filled yet. */
export function notReady(resource: GroupResource): StatusError {
  const { status } = tooManyRequests('storage is (re)initializing', 1);
  return new StatusError({ ...status, details: { ...about(resource, ''), ...status.details } });
}

function withCause({ status }: StatusError, cause: ClientError): StatusError {
  return new StatusError(status, { cause });
}
