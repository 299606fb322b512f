import type { Writable } from 'node:stream';

/** Ends a stream; resolves when all that was written has left, or never will. */
export function flushed(output: Writable): Promise<void> {
  return new Promise((resolve) => {
    output.once('close', resolve);
    output.end(() => resolve());
    if (output.destroyed) resolve();
  });
}
