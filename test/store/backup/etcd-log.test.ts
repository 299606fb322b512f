import t from 'tap';
import { concatBytes } from '../../../src/base/bytes.js';
import { crc32c } from '../../../src/base/crc32c.js';
import { Prng } from '../../../src/base/prng.js';
import { EtcdDataError } from '../../../src/store/backup/errors.js';
import { readEtcdLog } from '../../../src/store/backup/etcd-log.js';
import { Writer } from '../../../src/wire/index.js';
import { SimDisk } from '../../sim/disk.js';
import { instantClock } from '../../sim/instant-clock.js';

/** A message of these fields, numbers and bytes. */
function message(fields: Readonly<Record<number, number | Uint8Array>>): Uint8Array {
  const writer = new Writer();
  for (const [number, value] of Object.entries(fields).reverse()) {
    if (typeof value === 'number') {
      writer.uint64(BigInt(value));
      writer.tag(Number(number) * 8);
    } else {
      writer.bytes(value);
      writer.tag(Number(number) * 8 + 2);
    }
  }
  return writer.finish();
}

const none: Uint8Array = new Uint8Array(0);
const put = message({ 1: 77, 4: message({ 1: Uint8Array.of(1) }) });
const grant = message({ 1: 78, 8: message({ 1: 5, 2: 100 }) });
const entry = (index: number, term: number, data = none) =>
  [2, message({ 1: 0, 2: term, 3: index, ...(data.length > 0 && { 4: data }) })] as const;
const metadata = [1, message({ 1: 11, 2: 22 })] as const;
const state = (term: number) => [3, message({ 1: term, 2: 11, 3: 4 })] as const;
const snapshot = (index: number, term: number) => [5, message({ 1: index, 2: term })] as const;

/** Files with these records; the checksum goes on from one to the next. */
function files(contents: readonly (readonly (readonly [number, Uint8Array])[])[]): Uint8Array[] {
  let crc = 0;
  return contents.map((records) => {
    const frames = [frame(message({ 1: 4, ...(crc !== 0 && { 2: crc }) }))];
    for (const [type, data] of records) {
      crc = crc32c(data, crc);
      frames.push(frame(message({ 1: type, 2: crc, 3: data })));
    }
    return concatBytes([...frames, new Uint8Array(64)]);
  });
}

function frame(record: Uint8Array): Uint8Array {
  const padding = (8 - (record.length % 8)) % 8;
  const head = Buffer.alloc(8);
  head.writeUInt32LE(record.length);
  if (padding > 0) head[7] = 0x80 | padding;
  return concatBytes([head, record, new Uint8Array(padding)]);
}

async function read(contents: readonly Uint8Array[]): Promise<unknown> {
  const disk = new SimDisk(new Prng(1), instantClock).mount();
  await disk.makeDir('wal');
  for (const [i, bytes] of contents.entries()) {
    const hex = i.toString(16).padStart(16, '0');
    const file = await disk.open(`wal/${hex}-${hex}.wal`, { create: true });
    file.write(0, [bytes]);
    await file.close();
  }
  try {
    return await readEtcdLog(disk, 'wal');
  } catch (error) {
    if (error instanceof EtcdDataError) return error.code;
    throw error;
  }
}

const summary = { memberId: 11n, clusterId: 22n };

t.test('readEtcdLog says how far a log goes, over files', async (t) => {
  const first = [metadata, snapshot(0, 0), state(2), entry(1, 2), entry(2, 2, put)];
  const second = [metadata, state(3), entry(3, 3, grant)];
  t.same(await read(files([first, second])), {
    ...summary,
    lastIndex: 3,
    lastTerm: 3,
    lastChangeIndex: 3,
    lastWriteIndex: 2,
    term: 3,
  });
  const restored = [metadata, snapshot(9, 4), state(6)];
  const only = { lastIndex: 9, lastTerm: 4, lastChangeIndex: 0, lastWriteIndex: 0, term: 6 };
  t.same(await read(files([restored])), { ...summary, ...only });
});

t.test('readEtcdLog goes by entries that took the place of others', async (t) => {
  const records = [metadata, entry(1, 1), entry(2, 1, put), entry(3, 1, put), entry(2, 2, grant)];
  const end = { lastIndex: 2, lastTerm: 2, lastChangeIndex: 2, lastWriteIndex: 0, term: 2 };
  t.same(await read(files([records])), { ...summary, ...end });
});

t.test('readEtcdLog drops a torn end, and refuses damage before it', async (t) => {
  const records = [metadata, entry(1, 1, put), entry(2, 1, put)];
  const [whole] = files([records]);
  const upTo1 = {
    ...summary,
    lastIndex: 1,
    lastTerm: 1,
    lastChangeIndex: 1,
    lastWriteIndex: 1,
    term: 1,
  };
  t.same(await read([whole!.subarray(0, whole!.length - 64 - 8)]), upTo1, 'cut off');
  const changed = whole!.slice();
  changed[whole!.length - 64 - 12]! ^= 1;
  t.same(await read([changed]), upTo1, 'changed');
  const [first, second] = files([records, [metadata, entry(3, 1)]]);
  t.equal(await read([first!.subarray(0, first!.length - 72), second!]), 'damaged');
  t.equal(await read([]), 'damaged', 'no files');
  t.equal(await read([new Uint8Array(100)]), 'damaged', 'nothing in it');
  t.equal(await read([Buffer.alloc(100, 0xff)]), 'damaged', 'garbage');
});
