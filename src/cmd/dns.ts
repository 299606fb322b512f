import { dnsFlags } from './dns/flags.js';
import { runDns } from './dns/run.js';
import { runProgram } from './program/run-program.js';

/** `flotilla dns`: the cluster's name server, fed by an API server. */
export function main(argv: readonly string[]): Promise<void> {
  return runProgram(
    {
      name: 'dns',
      intro:
        'Answers for the names of services and pods, and asks other name servers for the rest.',
      flags: dnsFlags,
      run: runDns,
    },
    argv,
  );
}
