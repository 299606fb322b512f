import t from 'tap';
import { defined } from '../../../src/base/assert.js';
import type { Defect } from '../../../src/base/defect.js';
import type { Disk } from '../../../src/base/disk.js';
import { Prng } from '../../../src/base/prng.js';
import { inspectWal } from '../../../src/raft/wal/index.js';
import { encodeSegmentHeader } from '../../../src/raft/wal/segment-header.js';
import { makeSpareFile, SpareSegment } from '../../../src/raft/wal/spare-segment.js';
import { SimDisk } from '../../sim/disk.js';
import { instantClock } from '../../sim/instant-clock.js';
import {
  cluster,
  dir,
  entries,
  entry,
  last,
  member,
  openLog,
  shape,
  type TestLog,
} from './harness.js';

const simDisk = () => new SimDisk(new Prng(1), instantClock);
const namesOf = (disk: SimDisk) => disk.paths().map((path) => path.slice(dir.length + 1));
const segmentBytes = 16 << 10;

/** Names of files that held a segment and wait to hold another; the newest spare may be a new one. */
function recycledOf(disk: SimDisk): string[] {
  const names = namesOf(disk);
  const oldest = defined(names.find((name) => name.endsWith('.log')));
  return names.filter((name) => name.endsWith('.tmp') && name < oldest);
}

/** The disk, with a note of each file that is made. */
function noting(disk: Disk, made: string[]): Disk {
  return {
    open: (path, options) => {
      if (options.create) made.push(path);
      return disk.open(path, options);
    },
    exists: (path) => disk.exists(path),
    readNow: (path, position, length) => disk.readNow(path, position, length),
    list: (folder) => disk.list(folder),
    makeDir: (folder) => disk.makeDir(folder),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    syncDir: (folder) => disk.syncDir(folder),
  };
}

/** Appends entries of one size, each a frame of its own, and releases all but the newest few. */
async function fill(log: TestLog, { from, to }: { from: number; to: number }): Promise<void> {
  for (let index = from; index <= to; index++) {
    await log.settled(log.append({ entries: [entry(index, 1, 400)] }));
    if (index % 10 === 0) await log.wal.release(index - 10);
  }
}

t.test('release makes the files of its segments the next ones', async (t) => {
  const disk = simDisk();
  const made: string[] = [];
  const log = await openLog(noting(disk, made));
  await fill(log, { from: 1, to: 200 });
  const count = made.length;
  await fill(log, { from: 201, to: 2000 });
  t.equal(made.length, count, 'nothing is filled with zeros any more');
  const names = namesOf(disk);
  t.ok(recycledOf(disk).length > 0);
  t.ok(names.length <= 2 + 5, names.join(' '));
  t.equal(disk.contentOf(`${dir}/${names[0]}`).length, segmentBytes);
  disk.crash('power');
  const again = await openLog(disk);
  t.equal(last(again.recovery.entries).index, 2000);
  t.same(
    namesOf(disk).filter((name) => name.endsWith('.tmp')),
    [],
    'what waits to be used again does not outlive the process',
  );
});

t.test('release keeps a few files, and none of an odd size or from an earlier life', async (t) => {
  const disk = simDisk();
  const first = await openLog(disk);
  for (let index = 1; index <= 400; index++) {
    await first.settled(first.append({ entries: [entry(index, 1, 400)] }));
  }
  t.ok(namesOf(disk).length > 9);
  await first.wal.release(400);
  t.equal(recycledOf(disk).length, 4);
  for (let index = 401; index <= 500; index++) {
    await first.settled(first.append({ entries: [entry(index, 1, 400)] }));
  }
  disk.crash('process');
  const second = await openLog(disk);
  await second.wal.release(500);
  t.equal(recycledOf(disk).length, 0);
  await second.settled(second.append({ entries: entries(501, 501, 1, 2 * segmentBytes) }));
  await second.settled(second.append({ entries: [entry(502)] }));
  await second.wal.release(501);
  t.equal(recycledOf(disk).length, 0);
});

/**
 * A log that ends in a recycled file. All frames are of one size, so that one that the file held before begins exactly where
 * this log's end.
 */
async function recycledLog(defects: readonly Defect[] = []): Promise<SimDisk> {
  const disk = simDisk();
  const log = await openLog(disk, { defects: new Set(defects) });
  await fill(log, { from: 1, to: 405 });
  disk.crash('power');
  return disk;
}

t.test(
  'open never takes what a recycled file held before for entries, or for damage',
  async (t) => {
    const disk = await recycledLog();
    let otherBytes = 0;
    for await (const item of inspectWal(disk, dir)) {
      t.not(item.kind, 'problem');
      if (item.kind === 'segment-end') ({ otherBytes } = item);
    }
    t.ok(otherBytes > 4000, 'the last segment is followed by what was there before');
    const log = await openLog(disk);
    t.equal(last(log.recovery.entries).index, 405);
    t.ok(log.cut, 'and is not any more');
    log.append({ entries: entries(406, 410, 2, 100) });
    await log.settled(1);
    disk.crash('power');
    const again = await openLog(disk);
    t.equal(shape(again.recovery.entries.slice(-5)), '406:2 407:2 408:2 409:2 410:2');
    t.equal(again.cut, null);
  },
);

t.test('open with the defect wal-trusts-recycled takes it for damage', async (t) => {
  const disk = await recycledLog(['wal-trusts-recycled']);
  await t.rejects(openLog(disk, { defects: new Set<Defect>(['wal-trusts-recycled']) }), {
    code: 'wal-corruption',
  });
});

t.test('open finds the end of a recycled segment wherever the last frame is torn', async (t) => {
  const whole = await recycledLog();
  const ends: number[] = [];
  let path = '';
  for await (const item of inspectWal(whole, dir)) {
    if (item.kind === 'record') ends.push(item.offset);
    if (item.kind === 'segment-end') ({ path } = item);
  }
  const start = last(ends);
  for (let at = start; at < start + 440; at += 8) {
    const disk = await recycledLog();
    disk.flipBit(path, at);
    const log = await openLog(disk);
    t.equal(last(log.recovery.entries).index, 404, `bit at ${at - start}`);
  }
});

t.test('SpareSegment never hands out a file that held a segment with the same seed', async (t) => {
  const disk = simDisk();
  await disk.makeDir(dir);
  const failures: unknown[] = [];
  const spare = new SpareSegment({
    disk,
    dir,
    fileBytes: segmentBytes,
    onFailure: (error) => failures.push(error),
  });
  const recycle = async (sequence: number, seeds: readonly number[]) => {
    const { path, file } = await makeSpareFile({ disk, dir, sequence, fileBytes: segmentBytes });
    await file.close();
    const sealed = { path, sequence, fileBytes: segmentBytes, maxIndex: 0, seeds };
    t.ok(spare.wants(sealed));
    spare.recycle(sealed, path);
    spare.request(99);
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
    return path;
  };
  const path = await recycle(1, [5, 6]);
  t.match(spare.take(7), { path, seeds: [5, 6] });
  t.equal(spare.take(7), null, 'it is gone');
  for (const seed of [5, 6]) {
    const dropped = await recycle(2 + seed, [5, 6]);
    t.equal(spare.take(seed), null);
    await spare.close();
    t.notOk(disk.paths().includes(dropped));
  }
  const sealed = { path, sequence: 1, fileBytes: segmentBytes, maxIndex: 0 };
  t.notOk(spare.wants({ ...sealed, seeds: null }), 'what it held is not known');
  t.notOk(spare.wants({ ...sealed, seeds: Array.from({ length: 64 }, (_, i) => i) }), 'too much');
  t.notOk(spare.wants({ ...sealed, fileBytes: segmentBytes + 8, seeds: [1] }), 'it is too large');
  t.same(failures, []);
});

t.test('encodeSegmentHeader seeds segments of one log with different numbers', async (t) => {
  const seeds = new Set<number>();
  for (let sequence = 1; sequence <= 2000; sequence++) {
    const { seed } = encodeSegmentHeader({
      clusterId: cluster,
      memberId: member,
      sequence,
      chainSeed: 7,
      hardState: { term: 1, vote: member, commit: 0 },
      previous: { index: 9, term: 1 },
    });
    seeds.add(seed);
  }
  t.equal(seeds.size, 2000);
});
