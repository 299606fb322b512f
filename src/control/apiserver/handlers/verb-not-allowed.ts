import { failure } from '../../machinery/status-errors.js';

/** 405, in the words that clients show for it. */
export function verbNotAllowed(): Error {
  return failure(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );
}
