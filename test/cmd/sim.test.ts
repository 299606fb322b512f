import { execFile } from 'node:child_process';
import t from 'tap';
import { flotillaBin } from '../e2e/project.js';

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function sim(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { maxBuffer: 1 << 28 };
    execFile(process.execPath, [flotillaBin, 'sim', ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

t.test('flotilla sim runs the seeds asked for, on one process or several', async (t) => {
  for (const jobs of ['1', '2']) {
    const { code, stdout } = await sim(
      '--seed',
      '1',
      '--count',
      '3',
      '--profile',
      'calm',
      '--jobs',
      jobs,
    );
    t.equal(code, 0);
    t.match(stdout, /^all seeds pass: 3 seeds, /);
  }
});

t.test('flotilla sim ends with 1 and says how to replay what failed', async (t) => {
  const flags = ['--profile', 'calm', '--defect', 'self-ack-before-durable'];
  for (const jobs of ['1', '2']) {
    const { code, stdout } = await sim('--seed', '1', '--count', '10', '--jobs', jobs, ...flags);
    t.equal(code, 1);
    t.match(stdout, /violated: what is committed is durable on a quorum/);
    const replay = /replay: +bin\/flotilla sim (.*)/.exec(stdout)?.[1];
    t.match(replay, new RegExp(`^--seed \\d+ ${flags.join(' ')} --trace$`));
    const again = await sim(...(replay ?? '').split(' '));
    t.equal(again.code, 1);
    t.match(again.stdout, /^ +0\.000000 world +begins seed/);
    t.match(again.stdout, /violated: what is committed is durable on a quorum/);
  }
});

const refused: readonly (readonly [args: string[], code: number, message: RegExp])[] = [
  [['--profile', 'nope'], 1, /no profile is called 'nope': calm, /],
  [['--defect', 'nope'], 1, /no defect is called 'nope': /],
  [['--seed', '-1'], 1, /Give a whole number/],
  [['--count', 'x'], 1, /Give a whole number/],
  [['--minutes', '0'], 1, /Give a number above 0/],
  [['--jobs', '0'], 1, /Give 1 to 64/],
];

for (const [args, code, message] of refused) {
  t.test(`flotilla sim refuses ${args.join(' ')}`, async (t) => {
    const outcome = await sim(...args);
    t.equal(outcome.code, code);
    t.match(outcome.stderr, message);
  });
}
