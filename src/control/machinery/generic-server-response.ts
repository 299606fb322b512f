import type { GroupResource } from './object.js';
import { quote } from './quote.js';
import type { StatusError, StatusReason } from './status.js';
import { about, failure, nameOf, retryAfter } from './status-errors.js';

/** An answer of a server that is not a Status, as a client got it. */
export interface ServerResponse {
  readonly code: number;
  /** The HTTP method. */
  readonly verb: string;
  readonly resource: GroupResource;
  readonly name: string;
  /** What the server said, if anything. */
  readonly serverMessage: string;
  readonly retryAfterSeconds: number;
  /** The body is a cause, since nobody expected it. */
  readonly isUnexpected: boolean;
}

/** The failure that an answer without a Status stands for (apimachinery's generic server response). */
export function genericServerResponse(response: ServerResponse): StatusError {
  const { code, resource, name, serverMessage } = response;
  const [reason, text] = meaningOf(response);
  return failure(code, reason, text + subjectOf(response), {
    ...about(resource, name),
    ...(response.isUnexpected
      ? { causes: [{ reason: 'UnexpectedServerResponse', message: serverMessage }] }
      : {}),
    ...retryAfter(response.retryAfterSeconds),
  });
}

function subjectOf({ verb, resource, name }: ServerResponse): string {
  const of = nameOf(resource);
  if (of === '') return '';
  const action = `${verb.toLowerCase()} ${of}`;
  return name === '' ? ` (${action})` : ` (${action} ${name})`;
}

const meanings: ReadonlyMap<number, readonly [StatusReason, string]> = new Map([
  [400, ['BadRequest', 'the server rejected our request for an unknown reason']],
  [401, ['Unauthorized', 'the server has asked for the client to provide credentials']],
  [404, ['NotFound', 'the server could not find the requested resource']],
  [405, ['MethodNotAllowed', 'the server does not allow this method on the requested resource']],
  [422, ['Invalid', 'the server rejected our request due to an error in our request']],
  [
    429,
    [
      'TooManyRequests',
      'the server has received too many requests and has asked us to try again later',
    ],
  ],
  [503, ['ServiceUnavailable', 'the server is currently unable to handle the request']],
  [
    504,
    [
      'Timeout',
      'the server was unable to return a response in the time allotted, but may still be processing the request',
    ],
  ],
]);

function meaningOf({ code, verb, serverMessage }: ServerResponse): readonly [StatusReason, string] {
  const fixed = meanings.get(code);
  if (fixed !== undefined) return fixed;
  if (code === 409) {
    return [verb === 'POST' ? 'AlreadyExists' : 'Conflict', 'the server reported a conflict'];
  }
  if (code === 403) return ['Forbidden', serverMessage];
  if (code === 415) return ['UnsupportedMediaType', serverMessage];
  if (code === 406) {
    return serverMessage === '' || serverMessage === 'unknown'
      ? [
          'NotAcceptable',
          'the server was unable to respond with a content type that the client supports',
        ]
      : ['NotAcceptable', serverMessage];
  }
  return code >= 500
    ? [
        'InternalError',
        `an error on the server (${quote(serverMessage)}) has prevented the request from succeeding`,
      ]
    : ['', `the server responded with the status code ${code} but did not return more information`];
}
