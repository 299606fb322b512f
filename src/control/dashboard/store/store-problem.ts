import { ClientError } from '../../../client/index.js';
import {
  badRequest,
  failure,
  internalError,
  resourceExpired,
  serviceUnavailable,
  timeoutError,
} from '../../machinery/status-errors.js';

/** Has a request to the store answered; what goes wrong becomes a Status that says what. */
export async function ofStore<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw problemOf(error);
  }
}

/** The StatusError of what the store's client threw; anything else is thrown on. */
export function problemOf(error: unknown): unknown {
  if (!(error instanceof ClientError)) return error;
  const { code, message } = error;
  switch (code) {
    case 'compacted':
      return resourceExpired(`the store has compacted that revision: ${message}`);
    case 'future-revision':
    case 'invalid-argument':
      return badRequest(message);
    case 'lease-not-found':
      return failure(404, 'NotFound', message);
    case 'timeout':
      return timeoutError(`the store did not answer in time: ${message}`, 1);
    case 'unavailable':
    case 'closed':
    case 'cancelled':
      return serviceUnavailable(`the store cannot be reached: ${message}`);
    default:
      return internalError(error);
  }
}
