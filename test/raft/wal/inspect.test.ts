import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { inspectWal, type WalItem } from '../../../src/raft/wal/index.js';
import { SimDisk } from '../../sim/disk.js';
import { instantClock } from '../../sim/instant-clock.js';
import { cluster, dir, entries, hardState, openLog, shape } from './harness.js';

async function itemsOf(disk: SimDisk): Promise<WalItem[]> {
  const items: WalItem[] = [];
  for await (const item of inspectWal(disk, dir)) items.push(item);
  return items;
}

const kindsOf = (items: readonly WalItem[]) => items.map(({ kind }) => kind).join(' ');

async function logOnDisk(appends: number, size: number): Promise<SimDisk> {
  const disk = new SimDisk(new Prng(1), instantClock);
  const log = await openLog(disk);
  for (let i = 1; i <= appends; i++) {
    const write = { hardState: hardState(i), entries: entries(i, i, i, size) };
    await log.settled(log.append(write));
  }
  disk.crash('process');
  return disk;
}

t.test('inspectWal lists segments, records and ends, and changes nothing', async (t) => {
  const disk = await logOnDisk(12, 2000);
  const before = disk.paths().map((path) => disk.contentOf(path));
  const items = await itemsOf(disk);
  t.match(kindsOf(items), /^segment record( record)* segment-end segment record.* segment-end$/);
  const records = items.filter((item) => item.kind === 'record');
  t.equal(
    shape(records.flatMap(({ record }) => [...record.entries])),
    shape(Array.from({ length: 12 }, (_, i) => entries(i + 1, i + 1, i + 1)[0]!)),
  );
  t.same(records.at(-1)?.record.hardState, hardState(12));
  t.match(items[0], { kind: 'segment', header: { clusterId: cluster, sequence: 1 } });
  t.same(
    disk.paths().map((path) => disk.contentOf(path)),
    before,
  );
});

t.test('inspectWal shows what is readable of a damaged log, and where it is damaged', async (t) => {
  const torn = await logOnDisk(3, 10);
  const end = (await itemsOf(torn)).at(-1);
  const path = torn.paths()[0]!;
  torn.flipBit(path, (end as { offset: number }).offset - 10);
  const items = await itemsOf(torn);
  t.equal(kindsOf(items), 'segment record record segment-end');
  t.ok((items.at(-1) as { otherBytes: number }).otherBytes > 0);

  const sealed = await logOnDisk(12, 2000);
  sealed.flipBit(sealed.paths()[0]!, 5000);
  t.match(kindsOf(await itemsOf(sealed)), /^segment segment-end segment problem record/);
  sealed.flipBit(sealed.paths()[0]!, 17);
  t.match(kindsOf(await itemsOf(sealed)), /^problem segment record/);
});
