import { UnreachableError } from '../client/index.js';
import { StatusError } from '../machinery/status.js';
import { RuntimeError } from './runtime/runtime-error.js';

/** The API server, the runtime or the operating system refused something: what was tried is tried again. Anything else is a bug. */
export function isOperating(error: unknown): error is Error {
  return (
    error instanceof RuntimeError ||
    error instanceof StatusError ||
    error instanceof UnreachableError ||
    (error instanceof Error && 'syscall' in error)
  );
}
