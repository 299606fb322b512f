import { execFile } from 'node:child_process';

const timeoutMs = 30_000;

/** Runs one of the machine's commands to its end and resolves with its output. Rejects with what it complained of. */
export function runTool(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, [...args], { timeout: timeoutMs }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command}: ${stderr.trim() || error.message}`, { cause: error }));
    });
  });
}
