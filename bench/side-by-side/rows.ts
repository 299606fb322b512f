import { KV, PutRequest, RangeRequest } from '../../src/wire/index.js';
import { RawClient } from '../../test/e2e/raw-client.js';
import { type EtcdBenchmarkLoad, runEtcdBenchmark } from './etcd-benchmark.js';
import { measureFailover } from './failover.js';
import { type H2Load, runH2load } from './h2load.js';
import type { Goal, Measurement } from './measurement.js';
import { type OwnLoad, runOwnLoad } from './own-load.js';
import type { Side } from './side.js';

/** The programs and times that rows run with. */
export interface RowTools {
  /** Length of each measurement, seconds. */
  readonly seconds: number;
  /** etcd's benchmark tool; null when it was not given. */
  readonly etcdBenchmark: string | null;
}

/** A line of the comparison: a load, and what is to be reached. */
export interface Row {
  readonly name: string;
  /** What makes the load: `h2load`, `etcd benchmark`, `flotilla bench`. */
  readonly tool: 'h2load' | 'etcd benchmark' | 'flotilla bench';
  readonly goals: readonly Goal[];
  run(side: Side, tools: RowTools): Promise<Measurement>;
}

const key = Buffer.from('bench/key');
const value256 = new Uint8Array(256).fill(0x76);
const putRequest = PutRequest.encode({ key, value: value256 });
const rangeRequest = RangeRequest.encode({ key });
const eightByHundred = { connections: 8, streams: 100 };
const hundredByThousand = { connections: 100, clients: 1000 };

const atLeast = (bound: number): Goal => ({ metric: 'perSecond', direction: 'at-least', bound });
const p99AtMost = (bound: number): Goal => ({ metric: 'p99Ms', direction: 'at-most', bound });
const p50AtMost = (bound: number): Goal => ({ metric: 'p50Ms', direction: 'at-most', bound });

/** All loads that run on a pair of clusters that stay up, in their order. */
export const rows: readonly Row[] = [
  h2loadRow('put 256 B, 8 x 100 streams', [atLeast(4), p99AtMost(0.4)], {
    ...eightByHundred,
    path: KV.methods.Put.path,
    request: putRequest,
    isWrite: true,
  }),
  ownRow('put 256 B, 8 x 100, random keys', [atLeast(4), p99AtMost(0.4)], {
    command: 'put',
    flags: { targetLeader: true },
    series: 'put',
  }),
  h2loadRow('range linearizable, 8 x 100 streams', [atLeast(3)], {
    ...eightByHundred,
    path: KV.methods.Range.path,
    request: rangeRequest,
    isWrite: false,
  }),
  ownRow('range linearizable, 8 x 100', [atLeast(3)], {
    command: 'range',
    flags: { targetLeader: true, keySpace: '1' },
    series: 'range',
  }),
  etcdRow('put 256 B, 1 client', [p50AtMost(0.5)], {
    command: ['put', '--val-size=256', '--key-size=8', '--key-space-size=100000'],
    connections: 1,
    clients: 1,
    isLeaderOnly: true,
  }),
  etcdRow('put 256 B, 1000 clients', [atLeast(2.5), p99AtMost(0.4)], {
    command: ['put', '--val-size=256', '--key-size=8', '--key-space-size=100000'],
    ...hundredByThousand,
    isLeaderOnly: true,
  }),
  etcdRow('range linearizable, 1000 clients', [atLeast(1.8)], {
    command: ['range', key.toString(), '--consistency=l'],
    ...hundredByThousand,
    isLeaderOnly: true,
  }),
  etcdRow('range serializable, 1000 clients', [atLeast(1.6)], {
    command: ['range', key.toString(), '--consistency=s'],
    ...hundredByThousand,
    isLeaderOnly: true,
  }),
  etcdRow('txn-put 256 B, 1000 clients', [atLeast(2.5)], {
    command: ['txn-put', '--val-size=256', '--key-size=8', '--key-space-size=100000'],
    ...hundredByThousand,
    isLeaderOnly: true,
  }),
  etcdRow('lease-keepalive, 1000 clients', [atLeast(2.3)], {
    command: ['lease-keepalive'],
    ...hundredByThousand,
    isLeaderOnly: true,
  }),
  ownRow('watch, events to 1000 watchers', [atLeast(2)], {
    command: 'watch',
    flags: { conns: '9', clients: '36' },
    series: 'delivery',
  }),
  ownRow('put 1 MiB', [atLeast(1)], {
    command: 'put',
    flags: { targetLeader: true, valueSize: '1MiB', clients: '8', keySpace: '100' },
    series: 'put',
  }),
  {
    name: 'leader killed until next write',
    tool: 'flotilla bench',
    goals: [{ metric: 'durationMs', direction: 'at-most', bound: 0.4 }],
    run: (side) => measureFailover(side),
  },
];

/** Writes the key that the rows of tools that are not ours read. */
export async function putReadKey(side: Side): Promise<void> {
  const client = new RawClient((await side.leader()).endpoint);
  try {
    await client.callEncoded(KV.methods.Put, putRequest);
  } finally {
    client.close();
  }
}

/** A row that needs a cluster of its own, with many keys. */
export interface GrowthRow {
  readonly name: string;
  readonly part: 'memory' | 'restart';
  readonly goals: readonly Goal[];
}

/** The rows with so many keys. */
export function growthRows(keys: number): readonly GrowthRow[] {
  const count = keys.toLocaleString('en-US');
  return [
    {
      name: `resident memory a member, ${count} keys of 256 B`,
      part: 'memory',
      goals: [{ metric: 'memoryMiB', direction: 'at-most', bound: 1 }],
    },
    {
      name: `restart of a member until serving, ${count} keys`,
      part: 'restart',
      goals: [{ metric: 'durationMs', direction: 'at-most', bound: 1 }],
    },
  ];
}

function h2loadRow(name: string, goals: readonly Goal[], load: H2Load): Row {
  return {
    name,
    tool: 'h2load',
    goals,
    run: (side, { seconds }) => runH2load(side, load, seconds),
  };
}

function etcdRow(name: string, goals: readonly Goal[], load: EtcdBenchmarkLoad): Row {
  return {
    name,
    tool: 'etcd benchmark',
    goals,
    run: (side, { seconds, etcdBenchmark }) => {
      if (etcdBenchmark === null) throw new RangeError(`${name}: no benchmark tool`);
      return runEtcdBenchmark(side, load, { program: etcdBenchmark, seconds });
    },
  };
}

function ownRow(name: string, goals: readonly Goal[], load: OwnLoad): Row {
  return {
    name,
    tool: 'flotilla bench',
    goals,
    run: (side, { seconds }) => {
      const flags = { ...load.flags, duration: `${Math.round(seconds * 1000)}ms` };
      return runOwnLoad(side, { ...load, flags });
    },
  };
}
