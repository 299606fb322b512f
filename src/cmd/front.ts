import { frontFlags } from './front/flags.js';
import { runFront } from './front/run.js';
import { runProgram } from './program/run-program.js';

/** `flotilla front`: one address for several API servers. */
export function main(argv: readonly string[]): Promise<void> {
  return runProgram(
    {
      name: 'front',
      intro: 'Takes connections and passes them on to API servers that are ready.',
      flags: frontFlags,
      run: runFront,
    },
    argv,
  );
}
