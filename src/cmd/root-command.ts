import { Command } from 'commander';
import { flotillaVersion } from './version.js';

/** `flotilla` without any of its programs. */
export function rootCommand(): Command {
  return new Command('flotilla')
    .description("A replicated key-value store with etcd's v3 API")
    .version(flotillaVersion, '--version', 'Print the version.')
    .showHelpAfterError('(see flotilla --help)');
}

/** Runs one program as what it is, a subcommand of `flotilla`, without loading the others. `argv` begins after its name. */
export async function runAsSubcommand(command: Command, argv: readonly string[]): Promise<void> {
  await rootCommand()
    .addCommand(command)
    .parseAsync([command.name(), ...argv], { from: 'user' });
}
