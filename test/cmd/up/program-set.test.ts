import { join } from 'node:path';
import t from 'tap';
import { ProgramSet } from '../../../src/cmd/up/program-set.js';
import { RunningPrograms } from '../../../src/cmd/up/running-programs.js';
import { UpError } from '../../../src/cmd/up/up-error.js';
import { hostClock } from '../../../src/host/clock.js';

const program = { command: [process.execPath, '--version'], certificates: [] };

t.test('ProgramSet: a program that cannot be started at all is told once, by name', async (t) => {
  const dir = t.testdir();
  const lines: string[] = [];
  const say = (text: string) => void lines.push(text);
  const told = await new Promise<UpError>((resolve) => {
    const programs = new ProgramSet({
      dir: join(dir, 'missing'),
      clock: hostClock,
      console: { line: say, good: say, bad: say },
      running: new RunningPrograms(join(dir, 'running.json'), say),
      ended: new AbortController().signal,
      onUnstartable: resolve,
    });
    programs.start({ name: 'm1', ...program });
  });
  t.type(told, UpError);
  t.match(told.message, /^m1 cannot be started: ENOENT/);
  t.same(lines, [], 'it was not started');
});

t.test('ProgramSet: when the run is over nothing is started', async (t) => {
  const dir = t.testdir();
  const refuse = (text: string) => t.fail(text);
  const programs = new ProgramSet({
    dir: join(dir, 'missing'),
    clock: hostClock,
    console: { line: refuse, good: refuse, bad: refuse },
    running: new RunningPrograms(join(dir, 'running.json'), refuse),
    ended: AbortSignal.abort(),
    onUnstartable: ({ message }) => refuse(message),
  });
  programs.start({ name: 'm1', ...program });
  await programs.stop(() => true);
});
