/**
 * The store alone, without log, network or consensus: `node --expose-gc dist/bench/mvcc.js [KEYS]`. Puts have 32-byte keys and
 * random 256-byte values, 64 entries an apply batch; ranges are encoded as a client gets them. The database is a real LevelDB
 * under the temporary folder. The CPU is that of all threads, LevelDB's own included, until all is synced.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterId, memberId } from '../src/base/ids.js';
import { silentLogger } from '../src/base/logger.js';
import { Prng } from '../src/base/prng.js';
import { hostClock } from '../src/host/clock.js';
import { openLevelHome } from '../src/host/level.js';
import { encodeRange } from '../src/store/api/range-response.js';
import { CommandKind } from '../src/store/contracts.js';
import { Store } from '../src/store/store.js';
import {
  CompactionRequest,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  ResponseHeader,
  TxnRequest,
} from '../src/wire/gen/etcdserverpb.js';
import { numberArgument } from './arguments.js';
import { printRows, type ResultRow } from './print-rows.js';

const keysTotal = numberArgument(200_000);
const batchEntries = 64;
const valueBytes = 256;
const prng = new Prng(1);
/** Values are parts of it: what LevelDB compresses differs from one to the next, as it does in earnest. */
const randomBytes = prng.bytes(1024 * 1024);
const rows: ResultRow[] = [];
let index = 1;

const dir = mkdtempSync(join(tmpdir(), 'flotilla-bench-mvcc-'));
try {
  let store = await open();
  const before = memoryBytes();
  await puts(store, 'put, new keys', keysTotal, (i) => keyOf(i));
  const perKey = (memoryBytes() - before) / keysTotal;
  rows.push({ name: 'memory', note: `${perKey.toFixed(0)} bytes a key, values included` });
  await measureRest(store);
  await store.close();
  const row = await measure('open again', 1, async () => {
    store = await open();
  });
  rows.push(row);
  await store.close();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
printRows(rows);

async function measureRest(store: Store): Promise<void> {
  const anyKey = () => keyOf(prng.int(0, keysTotal));
  const rangeEnd = new Uint8Array([0]);
  await puts(store, 'put, existing keys', keysTotal, anyKey);
  await ranges(store, 'range, 1 key', 200_000, () => ({ key: anyKey() }));
  await ranges(store, 'range, 10 keys', 20_000, () => ({ key: anyKey(), rangeEnd, limit: 10 }));
  const countOnly = true;
  await ranges(store, 'range, count only', 50_000, () => ({ key: anyKey(), rangeEnd, countOnly }));
  const revision = keysTotal + 1;
  await ranges(store, 'range, past revision', 20_000, () => ({ key: anyKey(), revision }));
  const row = await measure('compaction', 1, async () => {
    const [result] = store.apply([entry(compactCommand(store.mvcc.revision))]);
    if (result?.ok && result.response.kind === 'compact') await result.response.physical;
  });
  rows.push(row);
  await measureLarge(store);
}

/** Single requests on every key. Reading gives the loop its turn in between; the rest of each holds it until it is done. */
async function measureLarge(store: Store): Promise<void> {
  const all = { key: new Uint8Array(1), rangeEnd: new Uint8Array([0]) };
  const found = await store.mvcc.find(RangeRequest.create(all));
  const header = ResponseHeader.encode({ revision: found.revision });
  const large = async (name: string, body: () => void) => {
    const start = performance.now();
    const row = await measure(name, keysTotal, async () => body());
    const heldMs = performance.now() - start;
    rows.push({ ...row, note: `holds the loop for ${heldMs.toFixed(0)} ms` });
  };
  await large('one range of all keys: encoding', () => {
    encodeRange(header, found);
  });
  const put = { requestPut: { key: keyOf(0), value: randomBytes.subarray(0, valueBytes) } };
  const txn = TxnRequest.encode({ success: [put, { requestRange: all }] });
  await large('one txn that writes and ranges all', () => {
    store.apply([entry(new Uint8Array([CommandKind.txn, ...txn]))]);
  });
  const removal = DeleteRangeRequest.encode(all);
  await large('one delete of all keys', () => {
    store.apply([entry(new Uint8Array([CommandKind.deleteRange, ...removal]))]);
  });
}

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

async function puts(
  store: Store,
  name: string,
  count: number,
  key: (i: number) => Uint8Array,
): Promise<void> {
  const commands = Array.from({ length: count }, (_, i) => putCommand(key(i)));
  let applyMs = 0;
  const row = await measure(name, count, async () => {
    for (let i = 0; i < count; i += batchEntries) {
      const entries = commands.slice(i, i + batchEntries).map(entry);
      await store.prepare(entries);
      const start = performance.now();
      store.apply(entries);
      applyMs += performance.now() - start;
      // As the driver does: the loop gets its turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await store.sync();
  });
  rows.push({ ...row, note: `${((applyMs * 1000) / count).toFixed(2)} us each in apply()` });
}

async function ranges(
  store: Store,
  name: string,
  count: number,
  request: () => Partial<RangeRequest>,
): Promise<void> {
  const requests = Array.from({ length: count }, () => RangeRequest.create(request()));
  const row = await measure(name, count, async () => {
    for (const message of requests) {
      const found = await store.mvcc.find(message);
      encodeRange(ResponseHeader.encode({ revision: found.revision }), found);
    }
  });
  rows.push(row);
}

async function measure(name: string, count: number, body: () => Promise<void>): Promise<ResultRow> {
  const start = performance.now();
  const before = process.cpuUsage();
  await body();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { name, perSecond: count / seconds, cpuUs: (user + system) / count };
}

function entry(data: Uint8Array) {
  return { index: ++index, term: 1, data, conf: null, local: true };
}

function putCommand(key: Uint8Array): Uint8Array {
  const from = prng.int(0, randomBytes.length - valueBytes);
  const value = randomBytes.subarray(from, from + valueBytes);
  const request = PutRequest.encode({ key, value });
  return new Uint8Array([CommandKind.put, ...request]);
}

function compactCommand(revision: number): Uint8Array {
  return new Uint8Array([CommandKind.compact, ...CompactionRequest.encode({ revision })]);
}

function keyOf(i: number): Uint8Array {
  return new Uint8Array(Buffer.from(`/registry/things/${String(i).padStart(15, '0')}`));
}

function memoryBytes(): number {
  // Twice: what the first finds dead, the second frees. Without --expose-gc the number is too high.
  for (let i = 0; i < 2; i++) (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
