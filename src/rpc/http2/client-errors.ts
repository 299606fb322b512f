import { CallError, Status, type StatusCode } from '../service.js';
import { decodeStatusMessage } from './grpc-fields.js';
import { ErrorCode } from './protocol.js';

/** How calls fail at the client (gRPC over HTTP/2, "Errors"; gRPC status codes specification). */

/** The failure that `grpc-status` and `grpc-message` tell, or null for OK. */
export function errorOfStatus(status: string, message: string): CallError | null {
  if (status === '0') return null;
  const code = /^\d{1,2}$/.test(status) ? Number(status) : Status.unknown;
  const known = code <= 16 ? (code as StatusCode) : Status.unknown;
  return new CallError(known, decodeStatusMessage(message), true);
}

const codeOfHttpStatus: Readonly<Record<string, StatusCode>> = {
  '400': Status.internal,
  '401': Status.unauthenticated,
  '403': Status.permissionDenied,
  '404': Status.unimplemented,
  '429': Status.unavailable,
  '502': Status.unavailable,
  '503': Status.unavailable,
  '504': Status.unavailable,
};

/** The failure of a response without a gRPC status ("HTTP to gRPC Status Code Mapping"). */
export function errorOfHttpStatus(httpStatus: string): CallError {
  const code = codeOfHttpStatus[httpStatus] ?? Status.unknown;
  return new CallError(code, `the server answered with HTTP status ${httpStatus}`, true);
}

const codeOfReset: Readonly<Record<number, StatusCode>> = {
  [ErrorCode.refusedStream]: Status.unavailable,
  [ErrorCode.cancel]: Status.cancelled,
  [ErrorCode.enhanceYourCalm]: Status.resourceExhausted,
  [ErrorCode.inadequateSecurity]: Status.permissionDenied,
};

/** The failure of a stream that the server has reset. A refused one it has not looked at (RFC 9113 section 8.7). */
export function errorOfReset(code: number): CallError {
  const isSent = code !== ErrorCode.refusedStream;
  const text = `the server reset the stream (HTTP/2 error ${code})`;
  return new CallError(codeOfReset[code] ?? Status.internal, text, isSent);
}

/** The failure of a call whose connection is gone. */
export function connectionLost(isSent: boolean, reason: string): CallError {
  return new CallError(Status.unavailable, reason, isSent);
}
