import type { FieldError } from './field-errors.js';
import { joinFieldErrors } from './field-path.js';
import type { GroupResource } from './object.js';
import { quote } from './quote.js';
import {
  type Status,
  type StatusCause,
  type StatusDetails,
  StatusError,
  type StatusReason,
} from './status.js';

/**
 * Every failure that the API answers, with the code, reason, details and text that it fixes (metav1.Status). Clients and tests
 * compare the texts, so they are exact.
 */

/** 404: there is no such object. */
export function notFound(resource: GroupResource, name: string): StatusError {
  return failure(
    404,
    'NotFound',
    `${nameOf(resource)} ${quote(name)} not found`,
    about(resource, name),
  );
}

/** 409: an object of that name is there already. */
export function alreadyExists(resource: GroupResource, name: string): StatusError {
  const message = `${nameOf(resource)} ${quote(name)} already exists`;
  return failure(409, 'AlreadyExists', message, about(resource, name));
}

/** 409: every name that was generated for the object was taken. */
export function generateNameConflict(
  resource: GroupResource,
  name: string,
  retryAfterSeconds: number,
): StatusError {
  const message =
    `${nameOf(resource)} ${quote(name)} already exists, ` +
    'the server was not able to generate a unique name for the object';
  const details = { ...about(resource, name), ...retryAfter(retryAfterSeconds) };
  return failure(409, 'AlreadyExists', message, details);
}

/** What {@link conflict} says when the client's resourceVersion is not the object's any more. */
export const staleObjectText =
  'the object has been modified; please apply your changes to the latest version and try again';

/** 409: the object is not in the state that the request needs. */
export function conflict(resource: GroupResource, name: string, detail: string): StatusError {
  const message = `Operation cannot be fulfilled on ${nameOf(resource)} ${quote(name)}: ${detail}`;
  return failure(409, 'Conflict', message, about(resource, name));
}

/** 409 of a server-side apply: other managers own fields that it sets. */
export function applyConflict(causes: readonly StatusCause[], text: string): StatusError {
  return failure(409, 'Conflict', text, { causes: [...causes] });
}

/** 422: the object breaks rules; each error is a cause. `details.kind` is the kind, not the resource. */
export function invalid(
  of: { readonly group: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const subject = `${nameOf({ group: of.group, resource: of.kind })} ${quote(name)} is invalid`;
  const details = about({ group: of.group, resource: of.kind }, name);
  if (errors.length === 0) return failure(422, 'Invalid', subject, details);
  details.causes = errors.map(({ type, message, field }) => ({ reason: type, message, field }));
  return failure(422, 'Invalid', `${subject}: ${joinFieldErrors(errors)}`, details);
}

/** 403: the client may not do this. An empty `name` means all objects of the resource, an empty resource the whole request. */
export function forbidden(resource: GroupResource, name: string, detail: string): StatusError {
  return failure(403, 'Forbidden', forbiddenText(resource, name, detail), about(resource, name));
}

function forbiddenText(resource: GroupResource, name: string, detail: string): string {
  if (isNone(resource)) return `forbidden: ${detail}`;
  return name === ''
    ? `${nameOf(resource)} is forbidden: ${detail}`
    : `${nameOf(resource)} ${quote(name)} is forbidden: ${detail}`;
}

/** 401: it is not known who the client is. */
export function unauthorized(text: string): StatusError {
  return failure(401, 'Unauthorized', text === '' ? 'not authorized' : text);
}

/** 400: the request cannot be understood. */
export function badRequest(text: string): StatusError {
  return failure(400, 'BadRequest', text);
}

/** 405: the resource does not offer the action. */
export function methodNotAllowed(resource: GroupResource, action: string): StatusError {
  const message = `${action} is not supported on resources of kind ${quote(nameOf(resource))}`;
  return failure(405, 'MethodNotAllowed', message, about(resource, ''));
}

/** 406: the client accepts none of the media types that the server can answer with. */
export function notAcceptable(accepted: readonly string[]): StatusError {
  const message = `only the following media types are accepted: ${accepted.join(', ')}`;
  return failure(406, 'NotAcceptable', message);
}

/** 415: the body is in none of the media types that the server reads. */
export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  const message =
    'the body of the request was in an unknown format - ' +
    `accepted media types include: ${accepted.join(', ')}`;
  return failure(415, 'UnsupportedMediaType', message);
}

/** 413: the request or what it makes is too large. */
export function requestEntityTooLarge(text: string): StatusError {
  return failure(413, 'RequestEntityTooLarge', `Request entity too large: ${text}`);
}

/** 429: the client shall try again later; 0 seconds says nothing about when. */
export function tooManyRequests(text: string, retryAfterSeconds: number): StatusError {
  return failure(429, 'TooManyRequests', text, retryAfter(retryAfterSeconds));
}

/** 410 Expired: what the client wants to go on from (a resourceVersion, a continue token) is too old. */
export function resourceExpired(text: string): StatusError {
  return failure(410, 'Expired', text);
}

/** 410 Gone: what older servers answer for {@link resourceExpired}; and for resources that were there once. */
export function gone(text: string): StatusError {
  return failure(410, 'Gone', text);
}

/** 500: the server failed. The error itself stays with the StatusError as its cause. */
export function internalError(error: unknown): StatusError {
  const text = error instanceof Error ? error.message : String(error);
  return new StatusError(
    statusWith(500, 'InternalError', `Internal error occurred: ${text}`, {
      causes: [{ message: text }],
    }),
    { cause: error },
  );
}

/** 503: the server cannot do this now. */
export function serviceUnavailable(text: string): StatusError {
  return failure(503, 'ServiceUnavailable', text);
}

/** 504: the request took too long; it may still take effect. */
export function timeoutError(text: string, retryAfterSeconds: number): StatusError {
  return failure(504, 'Timeout', `Timeout: ${text}`, retryAfter(retryAfterSeconds));
}

/** 500 ServerTimeout: a passing failure; the client shall try again. `details.name` is the action. */
export function serverTimeout(
  resource: GroupResource,
  action: string,
  retryAfterSeconds: number,
): StatusError {
  const message =
    `The ${action} operation against ${nameOf(resource)} could not be completed at this time, ` +
    'please try again.';
  const details = { ...about(resource, action), ...retryAfter(retryAfterSeconds) };
  return failure(500, 'ServerTimeout', message, details);
}

/** The Status of anything that was thrown: a StatusError's own, and an internal error for the rest. */
export function statusOf(error: unknown): Status {
  return error instanceof StatusError ? error.status : internalError(error).status;
}

/** `deployments.apps`; `pods` in the core group. */
export function nameOf({ group, resource }: GroupResource): string {
  return group === '' ? resource : `${resource}.${group}`;
}

/** A failure from its parts; for the rare one that has no constructor of its own. */
export function failure(
  code: number,
  reason: StatusReason,
  message: string,
  details?: StatusDetails,
): StatusError {
  return new StatusError(statusWith(code, reason, message, details));
}

function statusWith(
  code: number,
  reason: StatusReason,
  message: string,
  details?: StatusDetails,
): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    ...(message === '' ? {} : { message }),
    ...(reason === '' ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  };
}

/** What the failure is about; empty parts are absent, as in the API's JSON. */
export function about(resource: GroupResource, name: string): StatusDetails {
  return {
    ...(name === '' ? {} : { name }),
    ...(resource.group === '' ? {} : { group: resource.group }),
    ...(resource.resource === '' ? {} : { kind: resource.resource }),
  };
}

/** Details with the pause that the client shall make; 0 is absent, as in the API's JSON. */
export function retryAfter(seconds: number): StatusDetails {
  return seconds === 0 ? {} : { retryAfterSeconds: seconds };
}

function isNone({ group, resource }: GroupResource): boolean {
  return group === '' && resource === '';
}
