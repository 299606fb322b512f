import { unreachable } from '../../base/assert.js';
import { NodeError } from '../../raft/node/index.js';
import { StoreError, type StoreErrorCode } from '../errors.js';

/** What a client is told of a driver's error. Anything else passes unchanged. */
export function toStoreError(error: unknown): unknown {
  if (!(error instanceof NodeError)) return error;
  return new StoreError(codeOf(error), { cause: error });
}

function codeOf(error: NodeError): StoreErrorCode {
  switch (error.code) {
    case 'timeout':
      return 'timeout';
    case 'timeout-leader-lost':
      return 'timeout-leader-lost';
    case 'busy':
      return 'too-many-requests';
    case 'canceled':
      return 'canceled';
    case 'stopped':
      return 'stopped';
    case 'config-refused':
      return codeOfRefusal(error.message);
    case 'not-leader':
      return 'not-leader';
    case 'bad-transferee':
      return 'bad-leader-transferee';
    default:
      return unreachable(error.code);
  }
}

/** Of a refused membership change. What is only refused for now (`config-pending`) may be asked again: `unhealthy`. */
function codeOfRefusal(reason: string): StoreErrorCode {
  if (reason === 'config-invalid') return 'member-not-found';
  return reason === 'learner-not-ready' ? reason : 'unhealthy';
}
