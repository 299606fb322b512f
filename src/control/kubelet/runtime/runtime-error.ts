/** What went wrong, as callers tell it apart. */
export type RuntimeErrorCode =
  /** No such sandbox, container or image. */
  | 'not-found'
  /** It took longer than it was given. */
  | 'timeout'
  /** The runtime cannot be reached; what was asked may have been done. */
  | 'unreachable'
  /** This runtime cannot do that, here or at all. */
  | 'unsupported'
  /** The image cannot be had. */
  | 'image-pull'
  /** The command or the container cannot be started. */
  | 'start-failed'
  /** Anything else that the runtime says. */
  | 'failed';

/** A failure of a container runtime. Its message is shown to users in conditions and events. */
export class RuntimeError extends Error {
  readonly code: RuntimeErrorCode;

  constructor(code: RuntimeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RuntimeError';
    this.code = code;
  }
}
