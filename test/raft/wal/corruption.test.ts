import t from 'tap';
import { clusterId, memberId } from '../../../src/base/ids.js';
import { Prng } from '../../../src/base/prng.js';
import { crc32 } from '../../../src/host/crc32.js';
import { WalCorruptionError } from '../../../src/raft/wal/index.js';
import { SimDisk } from '../../sim/disk.js';
import { instantClock } from '../../sim/instant-clock.js';
import { dir, entries, hardState, openLog, shape } from './harness.js';

const headerBytes = 4096;

function simDisk(): SimDisk {
  return new SimDisk(new Prng(1), instantClock);
}

function segmentsOf(disk: SimDisk): string[] {
  return disk.paths().filter((path) => path.endsWith('.log'));
}

/** A log of frames with one entry each, killed so that no end mark follows. Returns where each frame ends. */
async function logOf(disk: SimDisk, count: number, size = 20): Promise<number[]> {
  const log = await openLog(disk);
  const ends = [headerBytes];
  for (let i = 1; i <= count; i++) {
    const write = { hardState: hardState(i), entries: entries(i, i, 1, size) };
    await log.settled(log.append(write));
    ends.push(endOfContent(disk, segmentsOf(disk).at(-1)!));
  }
  disk.crash('process');
  return ends;
}

function endOfContent(disk: SimDisk, path: string): number {
  const content = disk.contentOf(path);
  let end = content.length;
  while (end > 0 && content[end - 1] === 0) end--;
  return Math.ceil(end / 8) * 8;
}

/** Overwrites durable bytes. */
async function patch(
  disk: SimDisk,
  path: string,
  offset: number,
  bytes: Uint8Array,
): Promise<void> {
  const file = await disk.open(path, { create: false });
  file.write(offset, [bytes]);
  await file.sync();
}

async function copyOf(disk: SimDisk): Promise<SimDisk> {
  const copy = simDisk();
  await copy.makeDir(dir);
  for (const path of disk.paths()) {
    const file = await copy.open(path, { create: true });
    file.write(0, [disk.contentOf(path)]);
    await file.sync();
  }
  return copy;
}

const outcome = (disk: SimDisk) =>
  openLog(disk).then(
    ({ recovery, cut }) => ({ recovery, cut, error: null }),
    (error: unknown) => ({ recovery: null, cut: null, error }),
  );

t.test(
  'open cuts a last record that is torn after any byte, whatever was there before',
  async (t) => {
    const disk = simDisk();
    const ends = await logOf(disk, 4);
    const path = segmentsOf(disk)[0]!;
    const [start, end] = [ends[3]!, ends[4]!];
    const whole = disk.contentOf(path).slice(start, end);
    for (const filler of [0x00, 0xff, 0x4d]) {
      for (let kept = 0; kept < whole.length; kept++) {
        const torn = whole.slice().fill(filler, kept);
        if (torn.every((byte, i) => byte === whole[i])) continue;
        const copy = await copyOf(disk);
        await patch(copy, path, start, torn);
        const { recovery, cut, error } = await outcome(copy);
        const where = `torn after ${kept} of ${whole.length}, then ${filler}`;
        if (error) t.fail(`${where}: ${error}`);
        if (recovery && shape(recovery.entries) !== '1:1 2:1 3:1')
          t.fail(`${where}: wrong entries`);
        if (recovery?.hardState.term !== 3) t.fail(`${where}: wrong hard state`);
        if (kept + filler > 0 && cut?.offset !== start) t.fail(`${where}: cut at ${cut?.offset}`);
        const rest = copy.contentOf(path).subarray(start);
        if (rest.some((byte) => byte !== 0)) t.fail(`${where}: the cut is not zeroed`);
      }
    }
  },
);

t.test('open after a cut appends where the torn record was, and the cut is durable', async (t) => {
  const disk = simDisk();
  const ends = await logOf(disk, 4, 3000);
  const path = segmentsOf(disk)[0]!;
  disk.flipBit(path, ends[3]! + 40);
  await openLog(disk);
  disk.crash('power');
  const log = await openLog(disk);
  t.equal(log.cut, null, 'it was cut before');
  await log.settled(log.append({ entries: entries(4, 4, 2) }));
  disk.crash('power');
  const again = await openLog(disk);
  t.equal(again.cut, null);
  t.equal(shape(again.recovery.entries), '1:1 2:1 3:1 4:2');
});

/*
 * The rule: a flipped bit in the last frame cannot be told from a torn write, and is cut; anywhere before it, it is
 * refused. After a clean end the last frame is an empty one, so nothing real is ever cut.
 */
for (const ending of ['killed', 'closed'] as const) {
  t.test(
    `open refuses or cuts a flipped bit at every byte of a log that was ${ending}`,
    async (t) => {
      const disk = simDisk();
      const ends = await logOf(disk, 3);
      if (ending === 'closed') {
        const log = await openLog(disk);
        await log.wal.close();
        ends.push(endOfContent(disk, segmentsOf(disk)[0]!));
      }
      const path = segmentsOf(disk)[0]!;
      const [lastStart, end] = [ends.at(-2)!, ends.at(-1)!];
      const tally = { refused: 0, cut: 0, harmless: 0 };
      for (let offset = 0; offset < end + 64; offset++) {
        const copy = await copyOf(disk);
        copy.flipBit(path, offset, offset % 8);
        const { recovery, error } = await outcome(copy);
        const entriesLeft = recovery?.entries.length;
        if (error instanceof WalCorruptionError) {
          tally.refused++;
          if (offset >= lastStart) t.fail(`${offset} is in the tail and was refused: ${error}`);
          if (error.path !== path || error.offset > offset)
            t.fail(`${offset}: names ${error.offset}`);
        } else if (error) t.fail(`${offset}: ${error}`);
        else if (offset >= 84 && offset < headerBytes) {
          tally.harmless++; // The header's page is empty after the header.
        } else {
          tally.cut++;
          if (offset < lastStart) t.fail(`${offset} was durable and was cut`);
          const expected = ending === 'closed' || offset >= end ? 3 : 2;
          if (entriesLeft !== expected) t.fail(`${offset}: ${entriesLeft} entries are left`);
        }
      }
      t.ok(tally.refused > 200 && tally.cut > 60, JSON.stringify(tally));
    },
  );
}

t.test(
  'open refuses a log in which a valid record follows a bad one, and changes nothing',
  async (t) => {
    const disk = simDisk();
    const ends = await logOf(disk, 5);
    const path = segmentsOf(disk)[0]!;
    const damages: [string, number, Uint8Array][] = [
      ['a sector of zeros', ends[1]!, new Uint8Array(ends[2]! - ends[1]!)],
      ['rubbish', ends[1]!, new Uint8Array(24).fill(0xa5)],
      ['the record after it, misdirected', ends[1]!, disk.contentOf(path).slice(ends[2], ends[3])],
    ];
    for (const [name, offset, bytes] of damages) {
      const copy = await copyOf(disk);
      await patch(copy, path, offset, bytes);
      const before = copy.contentOf(path);
      const { error } = await outcome(copy);
      t.match(error, {
        code: 'wal-corruption',
        reason: 'bad-record-before-valid',
        path,
        offset,
        message: /remove it from the cluster and add it again with an empty data directory/,
      });
      t.same(copy.contentOf(path), before, name);
    }
  },
);

t.test('open refuses a bad record before a torn one: two are never unsynced at once', async (t) => {
  const disk = simDisk();
  const ends = await logOf(disk, 5);
  const path = segmentsOf(disk)[0]!;
  disk.flipBit(path, ends[3]! + 36);
  disk.flipBit(path, ends[4]! + 36);
  t.match((await outcome(disk)).error, { reason: 'bad-record-before-valid', offset: ends[3]! });
});

t.test('open with the defect wal-skips-bad-record goes on after a bad record', async (t) => {
  const disk = simDisk();
  const log = await openLog(disk);
  for (let term = 1; term <= 3; term++)
    await log.settled(log.append({ hardState: hardState(term) }));
  const path = segmentsOf(disk)[0]!;
  disk.flipBit(path, headerBytes + 64 + 40);
  disk.crash('process');
  await t.rejects(openLog(disk), { code: 'wal-corruption' });
  disk.crash('process');
  const { recovery } = await openLog(disk, { defects: new Set(['wal-skips-bad-record'] as const) });
  t.equal(recovery.hardState.term, 3);
});

t.test('open refuses damage in a sealed segment, a missing one and foreign names', async (t) => {
  const disk = simDisk();
  const log = await openLog(disk);
  for (let i = 1; i <= 40; i++) await log.settled(log.append({ entries: entries(i, i, 1, 1000) }));
  disk.crash('process');
  const [first, second, third] = segmentsOf(disk) as [string, string, string];
  t.ok(segmentsOf(disk).length > 3);

  const flipped = await copyOf(disk);
  flipped.flipBit(second, headerBytes + 500);
  t.match((await outcome(flipped)).error, {
    reason: 'bad-record-in-sealed-segment',
    path: second,
    offset: headerBytes,
  });
  const badHeader = await copyOf(disk);
  badHeader.flipBit(third, 20);
  t.match((await outcome(badHeader)).error, { reason: 'bad-segment-header', path: third });
  const missing = await copyOf(disk);
  await missing.remove(second);
  t.match((await outcome(missing)).error, { reason: 'missing-segment', path: third });
  const renamed = await copyOf(disk);
  await renamed.rename(first, first.replace(/1\.log$/, '2.log'));
  t.match((await outcome(renamed)).error, { reason: 'bad-segment-header' });
  const foreign = await copyOf(disk);
  await foreign.rename(third, `${dir}/wal-1.log`);
  t.match((await outcome(foreign)).error, { code: 'wal-corruption' });
  const replaced = await copyOf(disk);
  await replaced.remove(second);
  const file = await replaced.open(second, { create: true });
  file.write(0, [disk.contentOf(first)]);
  t.match((await outcome(replaced)).error, { reason: 'bad-segment-header', path: second });
});

t.test('open takes a log whose oldest segments are gone, as after a release', async (t) => {
  const disk = simDisk();
  const log = await openLog(disk);
  for (let i = 1; i <= 40; i++) await log.settled(log.append({ entries: entries(i, i, 7, 1000) }));
  disk.crash('process');
  await disk.remove(segmentsOf(disk)[0]!);
  const { recovery } = await openLog(disk);
  t.equal(recovery.base.term, 7);
  t.equal(recovery.entries[0]?.index, recovery.base.index + 1);
  t.equal(recovery.hardState.commit, recovery.base.index);
});

t.test(
  'open refuses the log of another cluster or member, and one of a later format',
  async (t) => {
    const disk = simDisk();
    await logOf(disk, 2);
    await t.rejects(openLog(disk, { clusterId: clusterId(0xc2n) }), {
      code: 'wal-wrong-cluster',
      message: /belongs to cluster c1, not to c2/,
    });
    await t.rejects(openLog(disk, { memberId: memberId(0xa2n) }), {
      code: 'wal-wrong-member',
      message: /belongs to member a1, not to a2/,
    });
    const path = segmentsOf(disk)[0]!;
    const header = disk.contentOf(path).slice(0, 80);
    header[8] = 2;
    await patch(disk, path, 0, header);
    await patch(disk, path, 80, new Uint8Array(Uint32Array.of(crc32(header)).buffer));
    await t.rejects(openLog(disk), { code: 'wal-unknown-version', message: /format version 2/ });
  },
);

t.test('open ignores frames of another log in the place of its own', async (t) => {
  const other = simDisk();
  const foreign = await openLog(other, { memberId: memberId(0xa2n) });
  for (let i = 1; i <= 3; i++) await foreign.settled(foreign.append({ entries: entries(i, i) }));
  const disk = simDisk();
  const ends = await logOf(disk, 1);
  const path = segmentsOf(disk)[0]!;
  const stale = other.contentOf(segmentsOf(other)[0]!).slice(ends[1]);
  await patch(disk, path, ends[1]!, stale);
  const { recovery, cut } = await outcome(disk);
  t.equal(shape(recovery!.entries), '1:1', 'stale bytes of a file that had the blocks before');
  t.equal(cut?.offset, ends[1]);
});
