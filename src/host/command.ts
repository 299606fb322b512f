import { spawn } from 'node:child_process';

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
/** Of each of stdout and stderr; a program that says more is killed. */
const outputBytesMax = 64 << 20;

/** Runs a command of this machine, without a shell. */
export const runCommand: RunCommand = ({ command, args, stdin = '', timeoutMs }) =>
  new Promise((resolve) => {
    const child = spawn(command, [...args], {
      stdio: 'pipe',
      timeout: timeoutMs ?? timeoutMsDefault,
      killSignal: 'SIGKILL',
    });
    const stdout = new Output(() => child.kill('SIGKILL'));
    const stderr = new Output(() => child.kill('SIGKILL'));
    child.stdout.on('data', (chunk: Buffer) => stdout.add(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
    child.on('error', (error) =>
      resolve({ exitCode: null, stdout: stdout.text(), stderr: error.message }),
    );
    child.on('close', (exitCode, signal) => {
      const end = signal === null ? '' : `killed by ${signal}`;
      resolve({ exitCode, stdout: stdout.text(), stderr: [stderr.text(), end].join('') });
    });
    child.stdin.on('error', () => {}); // It ended without reading all; its exit code tells.
    child.stdin.end(stdin);
  });

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

class Output {
  readonly #chunks: Buffer[] = [];
  readonly #onFull: () => void;
  #bytes = 0;

  constructor(onFull: () => void) {
    this.#onFull = onFull;
  }

  add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > outputBytesMax) this.#onFull();
    else this.#chunks.push(chunk);
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}
