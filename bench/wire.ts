/**
 * Codecs against protobufjs: `node dist/bench/wire.js`. protobufjs compiles each message type to a function at run time;
 * that is the same code as its static output.
 */
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { type MessageCodec, PutRequest, RangeResponse } from '../src/wire/index.js';

const roundMs = 300;
const rounds = 5;
const protoDir = fileURLToPath(new URL('../../proto/', import.meta.url));

/** Prints operations per second of each message, direction and implementation. */
function main(): void {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => protoDir + target;
  root.loadSync('etcd/api/etcdserverpb/rpc.proto').resolveAll();
  const put = { key: bytesOf(24, 1), value: bytesOf(256, 2), lease: 0x3f_1234_5678_9abcn };
  compare(root, PutRequest, PutRequest.create(put), 'PutRequest, 24 B key, 256 B value, lease');
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
  compare(root, RangeResponse, range, 'RangeResponse, header and 100 such pairs');
}

function compare<T>(root: protobuf.Root, codec: MessageCodec<T>, value: T, title: string): void {
  const type = root.lookupType(codec.typeName);
  const bytes = codec.encode(value);
  // protobufjs measured on what it prefers: an instance of its own class, and a Buffer.
  const message = type.decode(bytes);
  const buffer = Buffer.from(bytes);
  console.log(`${title} (${bytes.length} bytes)`);
  report('encode', {
    flotilla: () => codec.encode(value),
    protobufjs: () => type.encode(message).finish(),
  });
  report('decode', { flotilla: () => codec.decode(bytes), protobufjs: () => type.decode(buffer) });
}

/** Measures the contenders in turns and prints the best round of each. */
function report(name: string, contenders: Record<string, () => unknown>): void {
  const best = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    for (const [contender, operation] of Object.entries(contenders)) {
      best.set(contender, Math.max(best.get(contender) ?? 0, operationsPerSecond(operation)));
    }
  }
  const columns = [...best].map(
    ([contender, rate]) => `${contender} ${Math.round(rate).toLocaleString('en')}/s`,
  );
  console.log(`  ${name}: ${columns.join(', ')}`);
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
