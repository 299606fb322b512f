import { flagsHelp, type ParsedFlags, parseFlags } from '../program/flags.js';
import { apiserverFlags } from './flags.js';

export type { ParsedFlags } from '../program/flags.js';

const program = 'flotilla apiserver';

/** Reads a command line as kube-apiserver does. Throws UsageError. */
export function parseApiserverFlags(argv: readonly string[]): ParsedFlags {
  return parseFlags(program, apiserverFlags, argv);
}

/** The help text of `flotilla apiserver`. */
export function apiserverHelp(): string {
  const intro =
    "Runs the Kubernetes API on a store. Takes kube-apiserver's flags; those not listed have no effect.";
  return flagsHelp(program, intro, apiserverFlags);
}
