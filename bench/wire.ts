/**
 * Codecs against protobufjs: `node dist/bench/wire.js`. protobufjs compiles each message type to a function at run time;
 * that is the same code as its static output.
 */
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { type MessageCodec, PutRequest, RangeResponse } from '../src/wire/index.js';
import { printRows, type ResultRow } from './print-rows.js';

const roundMs = 300;
const rounds = 5;
const protoDir = fileURLToPath(new URL('../../proto/', import.meta.url));

/** Measures each message, direction and implementation. */
function main(): void {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => protoDir + target;
  root.loadSync('etcd/api/etcdserverpb/rpc.proto').resolveAll();
  const put = { key: bytesOf(24, 1), value: bytesOf(256, 2), lease: 0x3f_1234_5678_9abcn };
  const kvs = Array.from({ length: 100 }, (_, i) => ({
    key: bytesOf(24, i),
    value: bytesOf(256, i),
    createRevision: 1000 + i,
    modRevision: 1_000_000 + i,
    version: 2,
    lease: 0n,
  }));
  const header = { clusterId: 2n ** 63n + 1n, memberId: 2n ** 62n, revision: 1e6, raftTerm: 3 };
  const range = RangeResponse.create({ header, kvs, count: kvs.length });
  printRows([
    ...compare(root, PutRequest, PutRequest.create(put), 'PutRequest, 256 B value'),
    ...compare(root, RangeResponse, range, 'RangeResponse, 100 such pairs'),
  ]);
}

function compare<T>(
  root: protobuf.Root,
  codec: MessageCodec<T>,
  value: T,
  title: string,
): ResultRow[] {
  const type = root.lookupType(codec.typeName);
  const bytes = codec.encode(value);
  // protobufjs measured on what it prefers: an instance of its own class, and a Buffer.
  const message = type.decode(bytes);
  const buffer = Buffer.from(bytes);
  return [
    ...rowsOf(`${title}, encode`, {
      flotilla: () => codec.encode(value),
      protobufjs: () => type.encode(message).finish(),
    }),
    ...rowsOf(`${title}, decode`, {
      flotilla: () => codec.decode(bytes),
      protobufjs: () => type.decode(buffer),
    }),
  ];
}

/** Measures the contenders in turns and takes the best round of each. */
function rowsOf(title: string, contenders: Record<string, () => unknown>): ResultRow[] {
  const best = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    for (const [contender, operation] of Object.entries(contenders)) {
      best.set(contender, Math.max(best.get(contender) ?? 0, operationsPerSecond(operation)));
    }
  }
  return [...best].map(([contender, perSecond]) => ({
    name: `${title}: ${contender}`,
    perSecond,
    cpuUs: 1e6 / perSecond,
  }));
}

function operationsPerSecond(operation: () => unknown): number {
  const start = performance.now();
  let count = 0;
  let elapsedMs = 0;
  while (elapsedMs < roundMs) {
    for (let i = 0; i < 500; i++) if (operation() === undefined) throw new Error('no result');
    count += 500;
    elapsedMs = performance.now() - start;
  }
  return (count / elapsedMs) * 1000;
}

function bytesOf(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 0xff);
}

main();
