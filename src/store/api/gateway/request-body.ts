import type { Clock } from '../../../base/clock.js';
import { readWebBody } from '../../../rpc/read-web-body.js';
import { RpcError, Status } from '../../../rpc/service.js';
import type { WebRequest } from '../../../rpc/web.js';
import { BodyTooLargeError } from '../../../rpc/web-errors.js';

/** What a body may be. */
export interface BodyLimits {
  readonly clock: Clock;
  /** Bytes of a body, and of one object of a stream. */
  readonly bytesMax: number;
  /** Milliseconds that a body which is not a stream may take to come. */
  readonly timeMsMax: number;
}

/** The whole body. Rejects with RpcError when it is too large or takes too long, and with ClientGoneError. */
export async function readBody(request: WebRequest, limits: BodyLimits): Promise<Uint8Array> {
  const { clock, bytesMax, timeMsMax } = limits;
  let onLate: (error: RpcError) => void = () => {};
  const late = new Promise<never>((_resolve, reject) => {
    onLate = reject;
  });
  const timer = clock.setTimer(timeMsMax, () => {
    const why = `the request body did not come within ${timeMsMax} ms`;
    onLate(new RpcError(Status.deadlineExceeded, why));
  });
  try {
    return await Promise.race([readWebBody(request, { bytesMax }), late]);
  } catch (error) {
    if (!(error instanceof BodyTooLargeError)) throw error;
    throw new RpcError(Status.resourceExhausted, error.message, { cause: error });
  } finally {
    clock.clearTimer(timer);
  }
}
