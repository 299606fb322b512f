import { runProgram } from './program/run-program.js';
import { proxyFlags } from './proxy/flags.js';
import { runProxy } from './proxy/run.js';

/** `flotilla proxy`: connections to services go to their endpoints, on one node. */
export function main(argv: readonly string[]): Promise<void> {
  return runProgram(
    {
      name: 'proxy',
      intro: "Sends connections to services to their endpoints; takes kube-proxy's flags.",
      flags: proxyFlags,
      run: runProxy,
    },
    argv,
  );
}
