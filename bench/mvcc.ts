import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterId, memberId } from '../src/base/ids.js';
import { silentLogger } from '../src/base/logger.js';
import { Prng } from '../src/base/prng.js';
import { hostClock } from '../src/host/clock.js';
import { openLevelHome } from '../src/host/level.js';
import { CommandKind } from '../src/store/contracts.js';
import { Store } from '../src/store/store.js';
import {
  CompactionRequest,
  PutRequest,
  RangeRequest,
  ResponseHeader,
} from '../src/wire/gen/etcdserverpb.js';

/**
 * The store alone, without log, network or consensus: `node --expose-gc dist/bench/mvcc.js [keys]`. Puts have 32-byte keys and
 * 256-byte values, 64 entries an apply batch; the database is a real LevelDB under the temporary folder.
 */

const keysTotal = Number(process.argv[2] ?? 200_000);
const batchEntries = 64;
const value = new Uint8Array(256).fill(0x76);
const prng = new Prng(1);

const dir = mkdtempSync(join(tmpdir(), 'bench-mvcc-'));
let store = await open();
let index = 1;

const before = heapBytes();
await puts('put, new keys', keysTotal, (i) => keyOf(i));
await store.sync();
const perKey = (heapBytes() - before) / keysTotal;
console.log(`memory                    ${perKey.toFixed(0)} bytes/key (values in memory included)`);
await puts('put, existing keys', keysTotal, () => keyOf(prng.int(0, keysTotal)));
await ranges('range, 1 key', 200_000, () => ({ key: keyOf(prng.int(0, keysTotal)) }));
await ranges('range, 10 keys', 20_000, () => ({
  key: keyOf(prng.int(0, keysTotal)),
  rangeEnd: new Uint8Array([0]),
  limit: 10,
}));
await ranges('range, count only', 50_000, () => ({
  key: keyOf(prng.int(0, keysTotal)),
  rangeEnd: new Uint8Array([0]),
  countOnly: true,
}));
await ranges('range, past revision', 20_000, () => ({
  key: keyOf(prng.int(0, keysTotal)),
  revision: keysTotal + 1,
}));

const compactStart = performance.now();
const [result] = store.apply([entry(compactCommand(store.mvcc.revision))]);
if (result?.ok && result.response.kind === 'compact') await result.response.physical;
console.log(`compaction                ${(performance.now() - compactStart).toFixed(0)} ms`);
await store.close();
const openStart = performance.now();
store = await open();
console.log(`open                      ${(performance.now() - openStart).toFixed(0)} ms`);
await store.close();
rmSync(dir, { recursive: true, force: true });

function open(): Promise<Store> {
  const id = memberId(1n);
  const conf = {
    voters: [id],
    votersOutgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
  };
  return Store.open({
    home: openLevelHome(dir),
    clock: hostClock,
    logger: silentLogger,
    clusterId: clusterId(1n),
    bootstrap: { conf, members: [] },
    header: (revision) => ResponseHeader.encode({ revision }),
    onFatal: (error) => {
      throw error;
    },
  });
}

async function puts(name: string, count: number, key: (i: number) => Uint8Array): Promise<void> {
  const commands = Array.from({ length: count }, (_, i) => putCommand(key(i)));
  const start = performance.now();
  const cpu = process.cpuUsage();
  for (let i = 0; i < count; i += batchEntries) {
    const entries = commands.slice(i, i + batchEntries).map(entry);
    await store.prepare(entries);
    store.apply(entries);
    // As the driver does: the loop gets its turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  report(name, count, start, cpu);
}

async function ranges(
  name: string,
  count: number,
  request: () => Partial<RangeRequest>,
): Promise<void> {
  const requests = Array.from({ length: count }, () => RangeRequest.create(request()));
  const start = performance.now();
  const cpu = process.cpuUsage();
  for (const message of requests) await store.mvcc.range(message);
  report(name, count, start, cpu);
}

function report(name: string, count: number, start: number, cpuBefore: NodeJS.CpuUsage): void {
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const rate = Math.round(count / seconds).toLocaleString('en');
  const cpu = ((user + system) / count).toFixed(2);
  console.log(`${name.padEnd(25)} ${rate}/s, ${cpu} us of CPU each (all threads)`);
}

function entry(data: Uint8Array) {
  return { index: ++index, term: 1, data, conf: null, local: true };
}

function putCommand(key: Uint8Array): Uint8Array {
  const request = PutRequest.encode({ key, value });
  return new Uint8Array([CommandKind.put, ...request]);
}

function compactCommand(revision: number): Uint8Array {
  return new Uint8Array([CommandKind.compact, ...CompactionRequest.encode({ revision })]);
}

function keyOf(i: number): Uint8Array {
  return new Uint8Array(Buffer.from(`/registry/things/${String(i).padStart(15, '0')}`));
}

function heapBytes(): number {
  // Twice: what the first finds dead, the second frees. Without --expose-gc the number is too high.
  for (let i = 0; i < 2; i++) (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
