import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ControlPlane } from './control-plane.js';
import type { Kubectl } from './kubectls.js';
import {
  abstracted,
  fill,
  holds,
  matches,
  type Part,
  type Place,
  printStep,
  type Step,
} from './script.js';

/** What came of a step. */
export interface StepResult {
  readonly step: Step;
  readonly isAsExpected: boolean;
  readonly output: readonly string[];
  readonly exitCode: number | null;
}

const commandMsMax = 240_000;

/** Runs the steps of a script that are for this kubectl, in order, in a namespace and a folder of their own. */
export async function runScript(
  parts: readonly Part[],
  options: { readonly plane: ControlPlane; readonly kubectl: Kubectl; readonly name: string },
): Promise<{ readonly results: readonly StepResult[]; readonly place: Place }> {
  const { plane, kubectl, name } = options;
  const place = {
    version: kubectl.version,
    namespace: `${name}-${kubectl.version.replace('.', '')}`,
    dir: await mkdtemp(join(plane.dir, `${name}-`)),
  };
  const env = await environment(place, plane, kubectl);
  await bash(`kubectl create namespace ${place.namespace}`, place, env);
  await bash(`kubectl config set-context --current --namespace=${place.namespace}`, place, env);
  const results: StepResult[] = [];
  for (const step of parts) {
    if (typeof step === 'string' || !holds(step.condition, place.version)) continue;
    const { output, exitCode } = await bash(fill(step.command, place), place, env);
    const isAsExpected = exitCode === step.exitCode && matches(step, output, place);
    results.push({ step, isAsExpected, output, exitCode });
  }
  return { results, place };
}

/** The script with the outputs that were not as expected in place of those that were. */
export function updatedScript(
  parts: readonly Part[],
  results: readonly StepResult[],
  place: Place,
): string {
  const byStep = new Map(results.map((result) => [result.step, result]));
  return parts
    .map((part) => {
      if (typeof part === 'string') return part;
      const result = byStep.get(part);
      if (result === undefined || result.isAsExpected) return printStep(part);
      const expected = abstracted(result.output, place);
      return printStep({ ...part, expected, exitCode: result.exitCode ?? 0 });
    })
    .join('\n');
}

/** PATH begins with a folder in which `kubectl` is the one under test; nothing of the caller's configuration is seen. */
async function environment(
  place: Place,
  plane: ControlPlane,
  kubectl: Kubectl,
): Promise<NodeJS.ProcessEnv> {
  const bin = join(place.dir, '.bin');
  await mkdir(bin);
  await symlink(kubectl.path, join(bin, 'kubectl'));
  const kubeconfig = join(place.dir, '.kubeconfig');
  const env = {
    PATH: `${bin}:${process.env.PATH ?? ''}`,
    HOME: place.dir,
    KUBECONFIG: kubeconfig,
    LC_ALL: 'C',
    TZ: 'UTC',
  };
  await bash(`cp ${plane.kubeconfig} ${kubeconfig}`, place, env);
  return env;
}

function bash(
  command: string,
  place: Place,
  env: NodeJS.ProcessEnv,
): Promise<{ output: string[]; exitCode: number | null }> {
  return new Promise((resolve, reject) => {
    // A process group of its own: what the command leaves running ends with it.
    const child = spawn('bash', ['-c', `exec 2>&1\n${command}`], {
      cwd: place.dir,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    const kill = () => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    };
    const timer = setTimeout(kill, commandMsMax);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    child.once('error', reject);
    child.once('close', (exitCode) => {
      clearTimeout(timer);
      const lines = text.split('\n').map((line) => line.trimEnd());
      while (lines.at(-1) === '') lines.pop();
      resolve({ output: lines, exitCode });
    });
  });
}
