/** Exit codes of etcdctl, which scripts rely on. */
export const ExitCode = {
  success: 0,
  error: 1,
  badConnection: 2,
  invalidInput: 3,
  badFeature: 4,
  interrupted: 5,
  badArgs: 128,
} as const;

/** Ends a command with a message on stderr and an exit code. */
export class CtlError extends Error {
  override readonly name = 'CtlError';
  readonly exitCode: number;
  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** An argument that makes no sense. */
export function badArgs(message: string): CtlError {
  return new CtlError(ExitCode.badArgs, message);
}
