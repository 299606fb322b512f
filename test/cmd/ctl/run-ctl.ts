import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { flotillaBin } from '../../e2e/project.js';

/** How a command ended. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

/** Starts `flotilla ctl`, or etcdctl, with only the given settings in its environment. */
export function startCtl(
  program: 'flotilla' | 'etcdctl',
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): ChildProcess {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, ETCDCTL_API: '3', ...settings };
  return program === 'etcdctl'
    ? spawn('etcdctl', args, { env })
    : spawn(process.execPath, [flotillaBin, 'ctl', ...args], { env });
}

/** Runs a command to its end. stdout is latin1, so that bytes compare as they are. */
export function runCtl(
  program: 'flotilla' | 'etcdctl',
  args: readonly string[],
  stdin = '',
): Promise<CommandResult> {
  return result(startCtl(program, args), stdin);
}

/** Runs `flotilla ctl` with settings in its environment. */
export function runCtlWith(
  settings: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<CommandResult> {
  return result(startCtl('flotilla', args, settings), '');
}

async function result(child: ChildProcess, stdin: string): Promise<CommandResult> {
  let stdout = '';
  let stderr = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('latin1');
  });
  child.stderr!.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  child.stdin!.on('error', () => {});
  child.stdin!.end(stdin);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { stdout, stderr, exitCode };
}
