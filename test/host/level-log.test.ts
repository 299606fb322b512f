import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { Prng } from '../../src/base/prng.js';
import { openLevelHome } from '../../src/host/level.js';

interface Teardown {
  teardown(callback: () => void): void;
}

/** A closed database whose log has one batch of each size. */
async function makeDb(t: Teardown, sizes: readonly number[]): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'level-log-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const dir = join(root, 'db');
  const home = openLevelHome(dir);
  const db = await home.openCurrent();
  for (const [i, size] of sizes.entries()) {
    // Two writes a batch: numbers are counted by the write.
    await db.write([put(`a${i}`, 1), put(`b${i}`, size)], { sync: false });
  }
  await db.close();
  return dir;
}

function put(key: string, size: number) {
  return { kind: 'put', key: bytes(key), value: new Uint8Array(size).fill(7) } as const;
}

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

const logNames = (dir: string) =>
  readdirSync(join(dir, 'level-1'))
    .filter((name) => name.endsWith('.log'))
    .sort();

function logPath(dir: string): string {
  const [name] = logNames(dir);
  return join(dir, 'level-1', name!);
}

/** Where the physical records of a log begin, and its end. */
function recordStarts(log: Buffer): number[] {
  const starts: number[] = [];
  let at = 0;
  while (at < log.length) {
    const left = 32768 - (at % 32768);
    if (left < 7) at += left;
    else {
      starts.push(at);
      at += 7 + log.readUInt16LE(at + 4);
    }
  }
  return [...starts, log.length];
}

/** Which batches are there; 'damaged' when the database is refused. */
async function reopen(dir: string, count: number): Promise<number[] | string> {
  try {
    const db = await openLevelHome(dir).openCurrent();
    const found: number[] = [];
    for (let i = 0; i < count; i++) {
      if ((await db.get(bytes(`b${i}`))) !== undefined) found.push(i);
    }
    await db.close();
    return found;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const sizes = [5, 100, 70_000, 3, 40_000, 8, 9];
const all = sizes.map((_, i) => i);

t.test('LevelHome.openCurrent takes a log that is whole, again and again', async (t) => {
  const dir = await makeDb(t, sizes);
  for (let i = 0; i < 3; i++) t.same(await reopen(dir, sizes.length), all);
});

t.test(
  'LevelHome.openCurrent takes batches that begin anywhere before the end of a block',
  async (t) => {
    // With one batch of each length before it, the last begins at every distance from the end of the log's first block.
    for (let left = 0; left < 40; left++) {
      const filler = 32_768 - 600 - left;
      const dir = await makeDb(t, [filler, ...Array.from({ length: 12 }, () => 25)]);
      const starts = recordStarts(readFileSync(logPath(dir)));
      t.ok(
        starts.some((start) => start >= 32_768),
        'the log has a second block',
      );
      t.same((await reopen(dir, 13)).length, 13, `${left}`);
    }
  },
);

t.test('LevelHome.openCurrent takes a log whose end is lost, wherever it is cut', async (t) => {
  const dir = await makeDb(t, sizes);
  const path = logPath(dir);
  const log = readFileSync(path);
  const prng = new Prng(1);
  const cuts = [...recordStarts(log), ...Array.from({ length: 25 }, () => prng.int(0, log.length))];
  const manifest = saveManifest(dir);
  for (const cut of cuts) {
    manifest.restore();
    writeFileSync(path, log.subarray(0, cut));
    const found = await reopen(dir, sizes.length);
    t.same(found, all.slice(0, found.length), `cut at ${cut}`);
  }
});

t.test(
  'LevelHome.openCurrent never shows a batch behind one that is lost: it refuses, or shows what came before',
  async (t) => {
    const dir = await makeDb(t, sizes);
    const path = logPath(dir);
    const log = readFileSync(path);
    const manifest = saveManifest(dir);
    const prng = new Prng(2);
    const outcomes = new Set<string>();
    for (let i = 0; i < 60; i++) {
      manifest.restore();
      const damaged = Buffer.from(log);
      // A page that never reached the disk, or a flipped bit.
      const page = prng.int(0, Math.ceil(log.length / 4096));
      if (prng.chance(0.7)) damaged.fill(0, page * 4096, Math.min(log.length, (page + 1) * 4096));
      else damaged[prng.int(0, log.length)]! ^= 1 << prng.int(0, 8);
      writeFileSync(path, damaged);
      const found = await reopen(dir, sizes.length);
      if (found === 'damaged') outcomes.add(found);
      else {
        outcomes.add('earlier');
        t.same(found, all.slice(0, found.length), `page ${page}`);
      }
    }
    t.same([...outcomes].sort(), ['damaged', 'earlier']);
  },
);

t.test('LevelHome.openCurrent refuses when the end of an earlier log file is lost', async (t) => {
  const small = [1, 2, 3, 4, 5, 6];
  const dir = await makeDb(t, small);
  const path = logPath(dir);
  const log = readFileSync(path);
  const starts = recordStarts(log);
  const later = join(dir, 'level-1', `${String(Number.parseInt(logNames(dir)[0]!, 10) + 50)}.log`);
  const name = later.replace(
    /(\d+)\.log$/,
    (_, number: string) => `${number.padStart(6, '0')}.log`,
  );
  const manifest = saveManifest(dir);
  // As if the memtable had been full after batch 3 (record 0 is what made the database).
  const split = (endOfFirst: number) => {
    manifest.restore();
    writeFileSync(path, log.subarray(0, starts[endOfFirst]!));
    writeFileSync(name, log.subarray(starts[starts.length - 3]!));
  };
  split(starts.length - 3);
  t.same(await reopen(dir, small.length), [0, 1, 2, 3, 4, 5]);
  for (const lost of [1, 2, 3]) {
    split(starts.length - 3 - lost);
    t.equal(await reopen(dir, small.length), 'damaged', `${lost} batches lost`);
  }
  split(1);
  rmSync(path);
  t.equal(await reopen(dir, small.length), 'damaged', 'the earlier file is lost');
});

/** Opening changes a database: this puts all of its files back but the logs. */
function saveManifest(dir: string): { restore(): void } {
  const folder = join(dir, 'level-1');
  const saved = readdirSync(folder).map(
    (name) => [name, readFileSync(join(folder, name))] as const,
  );
  return {
    restore() {
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
      for (const [name, content] of saved) writeFileSync(join(folder, name), content);
    },
  };
}
