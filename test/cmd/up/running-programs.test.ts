import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { RunningPrograms } from '../../../src/cmd/up/running-programs.js';
import { hostClock } from '../../../src/host/clock.js';

async function file(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'running-'));
  t.teardown(() => rm(dir, { recursive: true }));
  return join(dir, 'running.json');
}

function sleeper(t: Test): ChildProcess {
  const child = spawn('sleep', ['1000']);
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

/** A program that writes its name to the end of a file when it is told to end. Resolves once it is ready for that. */
async function chronicler(t: Test, name: string, path: string): Promise<number> {
  const script = `trap 'echo "$1" >>"$2"; kill $!; exit' TERM; sleep 1000 & echo ready; wait`;
  const child = spawn('sh', ['-c', script, 'sh', name, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGTERM'));
  await once(child.stdout, 'data');
  return child.pid ?? 0;
}

t.test(
  'RunningPrograms: the next run ends what is left, the API server after its clients',
  async (t) => {
    const path = await file(t);
    const first = new RunningPrograms(path);
    for (const name of ['m1', 'apiserver', 'scheduler', 'kubelet-node-1'])
      first.add(name, await chronicler(t, name, `${path}.order`));
    const stopped = sleeper(t);
    first.add('dns', stopped.pid ?? 0);
    first.remove('dns');
    await first.flush();
    const left = await new RunningPrograms(path).endLeft(hostClock);
    t.same([...left].sort(), ['apiserver', 'kubelet-node-1', 'm1', 'scheduler']);
    const order = (await readFile(`${path}.order`, 'utf8')).trim().split('\n');
    t.equal(order.length, 4);
    t.same(order.slice(-2), ['apiserver', 'm1'], 'the store last');
    t.equal(stopped.exitCode ?? stopped.signalCode, null, 'what was taken out is let alone');
    t.same(await new RunningPrograms(path).endLeft(hostClock), [], 'nobody is left');
  },
);

t.test('RunningPrograms: another process with the number of an old one is let alone', async (t) => {
  const path = await file(t);
  const child = sleeper(t);
  const first = new RunningPrograms(path);
  first.add('m1', child.pid ?? 0);
  await first.flush();
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(/\/(\d+)"/, '/1"'));
  t.same(await new RunningPrograms(path).endLeft(hostClock), []);
  t.equal(child.exitCode ?? child.signalCode, null);
});

for (const [title, text] of [
  ['nothing', null],
  ['half a file', '[["m1", {"pi'],
  ['something else', '{"a": 1}'],
  [
    'numbers that are none',
    '[["m1", {"pid": "1", "startTicks": "x"}], ["m2", {"pid": 1, "startTicks": "x"}]]',
  ],
] as const) {
  t.test(`RunningPrograms: ${title} is no reason not to start`, async (t) => {
    const path = await file(t);
    if (text !== null) await writeFile(path, text);
    t.same(await new RunningPrograms(path).endLeft(hostClock), []);
  });
}
