import { spawn } from 'node:child_process';

/** What a program printed and how it ended. */
export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of Node's programs to its end. With `interruptAfter`, it is sent SIGINT once when it has complained so. */
export function runProgram(
  script: string,
  args: readonly string[],
  { interruptAfter }: { readonly interruptAfter?: RegExp } = {},
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    let isInterrupted = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      if (isInterrupted || !interruptAfter?.test(stderr)) return;
      isInterrupted = true;
      child.kill('SIGINT');
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
