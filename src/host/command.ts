import { runProgram } from './child-process.js';

/** One of the machine's commands, as it is run. */
export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
  /** What it reads. Default: nothing. */
  readonly stdin?: string;
  /** Killed when it takes longer. Default: 30 s. */
  readonly timeoutMs?: number;
}

/** How a command ended. */
export interface CommandOutcome {
  /** What it exited with; null when it was killed or could not be started. */
  readonly exitCode: number | null;
  readonly stdout: string;
  /** What it complained of, or why it was not started. */
  readonly stderr: string;
}

/** Runs a command to its end. Never rejects: what went wrong is in the outcome. */
export type RunCommand = (line: CommandLine) => Promise<CommandOutcome>;

/** A command that did not end as it should. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

const timeoutMsDefault = 30_000;
/** Of each of stdout and stderr. */
const outputBytesMax = 64 << 20;

/** Runs a command of this machine, without a shell. One that says more than can be kept has failed. */
export const runCommand: RunCommand = async ({ command, args, stdin = '', timeoutMs }) => {
  const outcome = await runProgram([command, ...args], {
    ...{ stdin, outputBytesMax },
    timeoutMs: timeoutMs ?? timeoutMsDefault,
  });
  const { exitCode, hasStarted, isCut, signal } = outcome;
  const end = signal === null ? '' : `killed by ${signal}`;
  const cut = isCut ? `it wrote more than ${outputBytesMax} bytes` : '';
  return {
    exitCode: hasStarted && signal === null && !isCut ? exitCode : null,
    stdout: outcome.stdout.toString('utf8'),
    stderr: `${outcome.stderr.toString('utf8')}${end}${cut}`,
  };
};

/** Runs a command that is expected to exit with 0, and resolves with its output. Rejects with {@link CommandError}. */
export async function runToSuccess(run: RunCommand, line: CommandLine): Promise<string> {
  const { exitCode, stdout, stderr } = await run(line);
  if (exitCode === 0) return stdout;
  const called = [line.command, ...line.args].join(' ');
  throw new CommandError(`${called}: ${stderr.trim() || `exit code ${exitCode}`}`);
}

/** Commands that run within a network namespace that `ip netns` knows. */
export function withinNamespace(run: RunCommand, namespace: string): RunCommand {
  return ({ command, args, ...rest }) =>
    run({ ...rest, command: 'ip', args: ['netns', 'exec', namespace, command, ...args] });
}
