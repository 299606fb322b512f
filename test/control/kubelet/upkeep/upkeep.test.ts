import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { TerminationMessages } from '../../../../src/control/kubelet/pods/termination-messages.js';
import { RuntimeError } from '../../../../src/control/kubelet/runtime/runtime-error.js';
import {
  collectGarbage,
  garbageOf,
  removeEnded,
} from '../../../../src/control/kubelet/upkeep/containers.js';
import { ImageUpkeep } from '../../../../src/control/kubelet/upkeep/images.js';
import { rotateLogs } from '../../../../src/control/kubelet/upkeep/logs.js';
import { hostNodeFiles } from '../../../../src/host/node-files.js';
import { MemoryRuntime } from '../memory-runtime.js';
import { observedOf, podOf } from '../pods/observed.js';

const pod = podOf({
  containers: [
    { name: 'app', image: 'a:1' },
    { name: 'side', image: 'b:1' },
  ],
});

t.test('garbageOf: what runs and the last that ended stay, and their sandboxes', async (t) => {
  const observed = observedOf(pod, [
    ...['sandbox:0:down', 'app:0:exited:1', 'side:0:exited:0'],
    ...['sandbox:1:down', 'app:1:exited:1'],
    ...['sandbox:2', 'app:2:exited:1', 'app:3:running', 'side:1:running'],
  ]);
  const { containers, sandboxes } = garbageOf(observed);
  t.same([...containers].sort(), ['app-0', 'app-1']);
  t.same(sandboxes, ['s1'], 'side-0 is still shown, and lies in the first sandbox');
  t.same(garbageOf(observedOf(pod, ['sandbox', 'app:running'])), { containers: [], sandboxes: [] });
});

t.test('collectGarbage: logs go with their containers', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-logs-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const words = ['app:0:exited:1', 'app:1:exited:1', 'app:2:running', 'side:running'];
  const observed = observedOf(pod, ['sandbox', ...words]);
  const containers = observed.containers.map((each) => ({
    ...each,
    logPath: each.name === 'side' ? '' : join(dir, `${each.attempt}.log`),
  }));
  for (const name of ['0.log', '0.log.20260102-030401', '1.log', '1.log.20260102-030401', '2.log'])
    await writeFile(join(dir, name), '');
  const forgotten: string[] = [];
  const messages = {
    forget: (id: string) => forgotten.push(id),
  } as unknown as TerminationMessages;
  const parts = { runtime: new MemoryRuntime(() => 0), messages, files: hostNodeFiles };
  await collectGarbage([{ ...observed, containers }], parts);
  t.same((await readdir(dir)).sort(), ['1.log', '1.log.20260102-030401', '2.log']);
  t.same(forgotten, ['app-0']);
});

t.test('removeEnded: all containers that have ended go, what runs stays', async (t) => {
  const runtime = new MemoryRuntime(() => 0);
  const removed: string[] = [];
  runtime.removeContainer = async (id?: string) => {
    removed.push(id ?? '');
  };
  const forgotten: string[] = [];
  const messages = { forget: (id: string) => forgotten.push(id) } as unknown as TerminationMessages;
  const words = ['sandbox:0:down', 'app:0:exited:1', 'app:1:exited:137', 'side:0:running'];
  t.equal(await removeEnded([observedOf(pod, words)], { runtime, messages }), 2);
  t.same(removed.sort(), ['app-0', 'app-1']);
  t.same(forgotten.sort(), ['app-0', 'app-1']);
  t.equal(await removeEnded([], { runtime, messages }), 0);
});

t.test('rotateLogs: large logs are moved away, and the oldest go', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-logs-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const runtime = new MemoryRuntime(() => 0);
  const reopened: string[] = [];
  runtime.reopenLog = async (id?: string) => {
    reopened.push(id ?? '');
  };
  const log = join(dir, '0.log');
  const [container] = observedOf(pod, ['sandbox', 'app:running']).containers;
  const containers = [{ ...container, logPath: log } as NonNullable<typeof container>];
  const limits = { logFiles: 3, logBytesMax: 10 };
  const parts = (second: number) => ({
    ...{ files: hostNodeFiles, runtime, limits },
    nowMs: Date.UTC(2026, 0, 2, 3, 4, second),
  });
  await writeFile(log, 'short');
  await rotateLogs(containers, parts(0));
  t.same(await readdir(dir), ['0.log'], 'a short one stays');
  for (const second of [1, 2, 3]) {
    await writeFile(log, `of second ${second}`);
    await rotateLogs(containers, parts(second));
  }
  t.same(reopened, ['app-0', 'app-0', 'app-0']);
  t.same((await readdir(dir)).sort(), ['0.log.20260102-030402', '0.log.20260102-030403']);

  await writeFile(log, 'of a runtime that is away');
  runtime.reopenLog = async () => {
    throw new RuntimeError('unreachable', 'away');
  };
  await rotateLogs(containers, parts(4));
  t.equal(await readFile(log, 'utf8'), 'of a runtime that is away', 'it is where it was');
});

t.test(
  'ImageUpkeep: unused images go when the disk is full, the longest unused first',
  async (t) => {
    const runtime = new MemoryRuntime(() => 0);
    for (const name of ['old', 'used', 'recent', 'pinned']) await runtime.pullImage(name);
    const list = runtime.listImages.bind(runtime);
    runtime.listImages = async () =>
      (await list()).map((image) => ({
        ...image,
        sizeBytes: 100,
        isPinned: image.ref === 'pinned',
      }));
    const upkeep = new ImageUpkeep(runtime, {
      ...{ imageHighPercent: 80, imageLowPercent: 60, imageAgeMsMin: 1000 },
    });
    const [app] = observedOf(pod, ['sandbox', 'app:running']).containers;
    const using = (...refs: string[]) =>
      refs.map((ref) => ({ ...app, image: ref, imageRef: ref }) as NonNullable<typeof app>);
    const space = (availableBytes: number) => ({
      ...{ capacityBytes: 1000, availableBytes, usedBytes: 1000 - availableBytes },
      ...{ inodes: 0, inodesFree: 0 },
    });
    const left = async () => (await runtime.listImages()).map(({ ref }) => ref);

    t.equal(await upkeep.collect(space(100), using('used', 'recent', 'old'), 0), 300, 'too young');
    t.equal(await upkeep.collect(space(500), using('used', 'recent'), 5000), 0, 'not full');
    t.equal(await upkeep.collect(space(150), using('used'), 6000), 50, 'two are not enough');
    t.same(await left(), ['used', 'pinned']);
    await runtime.pullImage('old');
    await upkeep.collect(space(900), using('old', 'used'), 7000);
    await upkeep.collect(space(900), using('used'), 8000);
    await runtime.pullImage('recent');
    await upkeep.collect(space(900), using('recent', 'used'), 9000);
    t.equal(await upkeep.free(50, using('used'), 20_000), 100);
    t.same((await left()).sort(), ['pinned', 'recent', 'used']);
  },
);
