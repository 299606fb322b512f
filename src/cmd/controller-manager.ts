import { managerFlags } from './controller-manager/flags.js';
import { runControllerManager } from './controller-manager/run.js';
import { runProgram } from './program/run-program.js';

/** `flotilla controller-manager`: the controllers of a cluster, against its API server. Takes kube-controller-manager's flags. */
export function main(argv: readonly string[]): Promise<void> {
  return runProgram(
    {
      name: 'controller-manager',
      intro:
        "Runs the controllers of a cluster. Takes kube-controller-manager's flags; those not listed have no effect.",
      flags: managerFlags(),
      run: runControllerManager,
    },
    argv,
  );
}
