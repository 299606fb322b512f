import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** How a command ended. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

const entry = fileURLToPath(new URL('./ctl-entry.js', import.meta.url));

/** Starts `flotilla ctl`, or etcdctl, with ETCDCTL_* settings of the test's only. */
export function startCtl(program: 'flotilla' | 'etcdctl', args: readonly string[]): ChildProcess {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ETCDCTL_API: '3' };
  return program === 'etcdctl'
    ? spawn('etcdctl', args, { env })
    : spawn(process.execPath, [entry, ...args], { env });
}

/** Runs a command to its end. stdout is latin1, so that bytes compare as they are. */
export async function runCtl(
  program: 'flotilla' | 'etcdctl',
  args: readonly string[],
  stdin = '',
): Promise<CommandResult> {
  const child = startCtl(program, args);
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
