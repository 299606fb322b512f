import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { LogQuery } from '../../../../src/control/kubelet/logs/log-query.js';
import { readContainerLog } from '../../../../src/control/kubelet/logs/read-container-log.js';
import { hostClock } from '../../../../src/host/clock.js';
import { hostLogFiles } from '../../../../src/host/log-files.js';

const all: LogQuery = {
  ...{ isPrevious: false, isFollowing: false, tailLines: null, sinceMs: null },
  ...{ hasTimestamps: false, limitBytes: null, stream: 'All' },
};
const line = (text: string) => `2026-01-02T03:04:05Z stdout F ${text}\n`;

/** A log that is read until the test has what it waits for. */
async function openLog(t: Test, query: Partial<LogQuery>, content: string | null) {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-log-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const path = join(dir, '0.log');
  if (content !== null) await writeFile(path, content);
  const container = { isRunning: true };
  const stop = new AbortController();
  const waiting = new Set<() => void>();
  let text = '';
  let onStarted = () => {};
  const started = new Promise<void>((resolve) => {
    onStarted = resolve;
  });
  const read = async () => {
    const log = {
      ...{ files: hostLogFiles, clock: hostClock, path, query: { ...all, ...query } },
      // Asked for the first time once it is known where the log is to begin.
      async isRunning() {
        onStarted();
        return container.isRunning;
      },
    };
    for await (const chunk of readContainerLog(log, stop.signal)) {
      text += Buffer.from(chunk).toString();
      for (const wake of waiting) wake();
    }
  };
  const ended = read();
  return {
    ...{ path, container, stop, ended, started },
    get text() {
      return text;
    },
    async until(wanted: string) {
      while (text !== wanted) await new Promise<void>((resolve) => waiting.add(resolve));
    },
  };
}

t.test('readContainerLog: a log that is not followed is what there is', async (t) => {
  const log = await openLog(t, { tailLines: 1 }, line('a') + line('b'));
  await log.ended;
  t.equal(log.text, 'b\n');
  const none = await openLog(t, {}, null);
  await none.ended;
  t.equal(none.text, '', 'a container that has not written yet has no file');
});

t.test(
  'readContainerLog follows while the container runs, over files that are moved away',
  async (t) => {
    const log = await openLog(t, { isFollowing: true, tailLines: 0 }, line('old'));
    await log.started;
    await appendFile(log.path, line('one'));
    await log.until('one\n');
    await appendFile(log.path, line('two').slice(0, 10));
    await appendFile(log.path, line('two').slice(10));
    await log.until('one\ntwo\n');
    // The writer goes on in the old file until it is told, as runtimes do.
    await rename(log.path, `${log.path}.20260102-030405`);
    await appendFile(`${log.path}.20260102-030405`, line('three'));
    await writeFile(log.path, line('four'));
    await log.until('one\ntwo\nthree\nfour\n');
    await appendFile(log.path, line('five'));
    log.container.isRunning = false;
    await log.ended;
    t.equal(log.text, 'one\ntwo\nthree\nfour\nfive\n', 'what was written before its end is there');
  },
);

t.test('readContainerLog: a file that comes later is followed too', async (t) => {
  const log = await openLog(t, { isFollowing: true }, null);
  await writeFile(log.path, line('late'));
  await log.until('late\n');
  log.stop.abort();
  await log.ended;
  t.equal(log.text, 'late\n');
});

t.test('readContainerLog ends when it has given as much as was wanted', async (t) => {
  const log = await openLog(t, { isFollowing: true, limitBytes: 3 }, line('abcdef'));
  await log.ended;
  t.equal(log.text, 'abc');
});
