import { spawn } from 'node:child_process';
import { until } from '../client/until.js';
import { fill, type Script, type Step, wordsOf } from './script.js';

/** What a command printed, and its exit code (null: interrupted by us). */
export interface Output {
  readonly command: string;
  readonly text: string;
  readonly errorText: string;
  readonly code: number | null;
}

/** Where a script runs. */
export interface Place {
  /** The member that every command is sent to. */
  readonly endpoint: string;
  /** The key prefix of the script. */
  readonly prefix: string;
}

const commandMsMax = 120_000;
const patience = { ETCDCTL_COMMAND_TIMEOUT: '60s', ETCDCTL_DIAL_TIMEOUT: '60s' };

/** Runs one etcdctl command to its end. */
export async function etcdctl(
  endpoint: string,
  words: readonly string[],
  stdin = '',
): Promise<Omit<Output, 'command'>> {
  const running = startEtcdctl(endpoint, words, stdin);
  return { code: await running.exit, text: running.text(), errorText: running.errorText() };
}

/** Runs all steps of a script in order. */
export async function runScript(script: Script, place: Place): Promise<Output[]> {
  const variables = new Map([['P', place.prefix]]);
  const outputs: Output[] = [];
  for (const each of script.steps) {
    const step = typeof each === 'string' ? { run: each } : each;
    for (const output of await runStep(step, place, variables)) outputs.push(output);
  }
  return outputs;
}

async function runStep(
  step: Step,
  place: Place,
  variables: Map<string, string>,
): Promise<Output[]> {
  if (step.background !== undefined) return runBackground(step, step.background, place, variables);
  const output = await runOnce(step, place, variables);
  if (step.capture !== undefined) {
    const found = step.capture.pattern.exec(output.text)?.[1];
    if (found === undefined)
      throw new Error(`${step.run}: no ${step.capture.pattern} in\n${output.text}`);
    variables.set(step.capture.name, found);
  }
  return [output];
}

async function runOnce(step: Step, place: Place, variables: Map<string, string>): Promise<Output> {
  const words = wordsOf(step.run, variables);
  const stdin = fill(step.stdin ?? '', variables);
  const run = async () => ({ command: step.run, ...(await etcdctl(place.endpoint, words, stdin)) });
  const pattern = step.eventually;
  if (pattern === undefined) return run();
  return until(`${step.run} prints ${pattern}`, async () => {
    const output = await run();
    return output.code === 0 && pattern.test(output.text) ? output : undefined;
  });
}

async function runBackground(
  step: Step,
  background: NonNullable<Step['background']>,
  place: Place,
  variables: Map<string, string>,
): Promise<Output[]> {
  const running = startEtcdctl(place.endpoint, wordsOf(step.run, variables), '');
  const lines = (count: number) =>
    until(
      `${step.run}: ${count} lines, not just\n${running.text()}`,
      () => running.text().split('\n').length > count || running.hasEnded(),
    );
  try {
    await lines(background.first);
    const outputs: Output[] = [];
    for (const command of background.meanwhile) {
      outputs.push(await runOnce({ run: command }, place, variables));
    }
    await lines(background.lines);
    running.interrupt();
    await running.exit;
    const text = running.text();
    return [...outputs, { command: step.run, text, errorText: running.errorText(), code: null }];
  } finally {
    running.interrupt();
  }
}

function startEtcdctl(endpoint: string, words: readonly string[], stdin: string) {
  const child = spawn('etcdctl', ['--endpoints', endpoint, ...words], {
    // As long as a busy machine may need: etcdctl's own limits are seconds.
    env: { ...process.env, ...patience, ETCDCTL_API: '3' },
    timeout: commandMsMax,
    killSignal: 'SIGKILL',
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  let errorText = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errorText += chunk;
  });
  child.stdin.on('error', () => {}); // A command that does not read its input may be gone by now.
  child.stdin.end(stdin);
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return {
    exit,
    text: () => text,
    errorText: () => errorText,
    hasEnded: () => child.exitCode !== null,
    interrupt: () => {
      if (child.exitCode === null) child.kill('SIGINT');
    },
  };
}
