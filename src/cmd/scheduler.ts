import { runProgram } from './program/run-program.js';
import { schedulerFlags } from './scheduler/flags.js';
import { runScheduler } from './scheduler/run.js';

/** Plugins are to get these of the program that runs them (bin/scheduler.mjs). */
export * from '../control/scheduler/index.js';

/** `flotilla scheduler`: gives pods their nodes, against an API server. Takes kube-scheduler's flags. */
export function main(argv: readonly string[]): Promise<void> {
  return runProgram(
    {
      name: 'scheduler',
      intro:
        "Gives pods their nodes. Takes kube-scheduler's flags; those not listed have no effect.",
      flags: schedulerFlags,
      run: runScheduler,
    },
    argv,
  );
}
