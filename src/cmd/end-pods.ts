import { endPods } from './end-pods/run.js';
import { kubeletFlags } from './kubelet/flags.js';
import { runProgram } from './program/run-program.js';

/** `flotilla end-pods`: ends what a kubelet that was stopped left running; a second signal ends it at once. */
export async function main(argv: readonly string[]): Promise<void> {
  await runProgram(
    {
      name: 'end-pods',
      intro: "Ends the pods of a node whose kubelet is stopped; takes that kubelet's flags.",
      flags: kubeletFlags,
      run: endPods,
    },
    argv,
  );
}
