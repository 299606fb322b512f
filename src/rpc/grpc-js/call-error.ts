import type { ServiceError } from '@grpc/grpc-js';
import { CallError, Status, type StatusCode } from '../service.js';

/** How grpc-js words the failures of calls that never got as far as a connection. */
const neverSent =
  /^(?:No connection established|Name resolution failed|Failed to parse|Channel closed before call started)/;

/** Translates a failed grpc-js call. Unless it surely was not, the request counts as sent. */
export function toCallError(error: ServiceError): CallError {
  const isSent = error.code !== Status.unavailable || !neverSent.test(error.details);
  return new CallError(statusOf(error.code), error.details, isSent, { cause: error });
}

/** The error of a call that was refused before anything was done for it. */
export function notSent(code: StatusCode, message: string): CallError {
  return new CallError(code, message, false);
}

/** Servers may send any number; one that gRPC does not know counts as `unknown`. */
function statusOf(code: number): StatusCode {
  return Number.isInteger(code) && code > 0 && code <= 16 ? (code as StatusCode) : Status.unknown;
}
