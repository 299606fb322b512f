import { RpcError, Status, type StatusCode } from '../../../rpc/service.js';

/** A body that is no JSON, or no message of the method's. */
export function malformed(what: string): RpcError {
  return new RpcError(Status.invalidArgument, what);
}

/** The HTTP status and its name for each status of gRPC, as grpc-gateway maps them. */
const httpStatus: Readonly<Record<StatusCode, readonly [number, string]>> = {
  [Status.ok]: [200, 'OK'],
  [Status.cancelled]: [499, ''],
  [Status.unknown]: [500, 'Internal Server Error'],
  [Status.invalidArgument]: [400, 'Bad Request'],
  [Status.deadlineExceeded]: [504, 'Gateway Timeout'],
  [Status.notFound]: [404, 'Not Found'],
  [Status.alreadyExists]: [409, 'Conflict'],
  [Status.permissionDenied]: [403, 'Forbidden'],
  [Status.resourceExhausted]: [429, 'Too Many Requests'],
  [Status.failedPrecondition]: [400, 'Bad Request'],
  [Status.aborted]: [409, 'Conflict'],
  [Status.outOfRange]: [400, 'Bad Request'],
  [Status.unimplemented]: [501, 'Not Implemented'],
  [Status.internal]: [500, 'Internal Server Error'],
  [Status.unavailable]: [503, 'Service Unavailable'],
  [Status.dataLoss]: [500, 'Internal Server Error'],
  [Status.unauthenticated]: [401, 'Unauthorized'],
};

/** The HTTP status that tells a status of gRPC. */
export function httpStatusOf(code: StatusCode): number {
  return httpStatus[code][0];
}

/** The body of a failed call: etcd 3.5's fields, of which `code` and `message` are those of 3.6. */
export function errorBody({ code, message }: RpcError): string {
  return JSON.stringify({ error: message, code, message });
}

/** The last line of a stream that fails: etcd 3.5's fields, and `code`, which 3.6 has. */
export function errorLine({ code, message }: RpcError): string {
  const [status, name] = httpStatus[code];
  const error = { grpc_code: code, http_code: status, message, http_status: name, code };
  return `${JSON.stringify({ error })}\n`;
}
