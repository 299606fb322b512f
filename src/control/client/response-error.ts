import { genericServerResponse } from '../machinery/generic-server-response.js';
import type { JsonObject, JsonValue } from '../machinery/json.js';
import type { GroupResource } from '../machinery/object.js';
import { type Status, StatusError } from '../machinery/status.js';

/** A failure as a server answered it. */
export interface FailedResponse {
  readonly code: number;
  /** The HTTP method. */
  readonly method: string;
  readonly resource: GroupResource;
  readonly name: string;
  readonly body: Uint8Array;
  /** The Retry-After header in seconds; 0 without. */
  readonly retryAfterSeconds: number;
}

/** The error that an answer with a failure stands for: the Status in its body, or what the code alone says. */
export function responseError(response: FailedResponse): StatusError {
  const text = new TextDecoder().decode(response.body);
  const status = parseStatus(text);
  if (status === null) {
    return genericServerResponse({
      ...{ code: response.code, resource: response.resource, name: response.name },
      verb: response.method,
      serverMessage: text.slice(0, 1024),
      retryAfterSeconds: response.retryAfterSeconds,
      isUnexpected: true,
    });
  }
  const { retryAfterSeconds } = response;
  if (retryAfterSeconds > 0 && status.details?.retryAfterSeconds === undefined) {
    status.details = { ...status.details, retryAfterSeconds };
  }
  return new StatusError(status);
}

/** The Status in a text, when there is one that tells of a failure. */
export function parseStatus(text: string): Status | null {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return null;
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? statusIn(value)
    : null;
}

/** An object that is a Status of a failure, with a code in any case. */
export function statusIn(value: JsonObject): Status | null {
  if (value.kind !== 'Status' || value.status === 'Success') return null;
  const code = typeof value.code === 'number' ? value.code : 500;
  return { ...(value as unknown as Status), status: 'Failure', code };
}
