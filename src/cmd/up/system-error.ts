/** Whether the operating system has refused something: the disk is full, there are too many processes. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
