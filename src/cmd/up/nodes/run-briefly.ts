import { spawn } from 'node:child_process';

const stderrBytesMax = 16_384;

/**
 * Runs a program to its end; null when it went well, else its last words. When the signal aborts it is sent SIGTERM, which it takes as a
 * request to hurry.
 */
export function runBriefly(
  [program = '', ...args]: readonly string[],
  signal: AbortSignal,
): Promise<string | null> {
  return new Promise((resolve) => {
    // A process group of its own: Ctrl-C reaches only us.
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    let words = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-stderrBytesMax);
    });
    const hurry = () => child.kill('SIGTERM');
    signal.addEventListener('abort', hurry, { once: true });
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => {
      signal.removeEventListener('abort', hurry);
      resolve(code === 0 ? null : words.trim().split('\n').at(-1) || `exit code ${code}`);
    });
  });
}
