import { join } from 'node:path';
import { clusterId, type MemberId } from '../../src/base/ids.js';
import { silentLogger } from '../../src/base/logger.js';
import { hostClock } from '../../src/host/clock.js';
import { openHostDisk } from '../../src/host/disk.js';
import { entropyPrng } from '../../src/host/entropy.js';
import {
  type PeerTransport,
  planRecovery,
  RaftNode,
  SnapshotExchange,
} from '../../src/raft/node/index.js';
import { SnapshotStore } from '../../src/raft/snapshot/index.js';
import { WriteAheadLogFile } from '../../src/raft/wal/index.js';
import { defaultLimits } from '../../src/store/member/default-limits.js';
import { NullMachine } from './null-machine.js';

/** The cluster of all these benchmarks. */
export const benchCluster = clusterId(1n);

/** A member without a store: the driver, its log on disk, and a transport. */
export interface BenchMember {
  readonly id: MemberId;
  readonly node: RaftNode<number>;
  close(): Promise<void>;
}

/** Starts a member of a new cluster, with the limits that the store has by default. */
export async function startMember(options: {
  readonly id: MemberId;
  readonly voters: readonly MemberId[];
  readonly dir: string;
  readonly transport: PeerTransport;
}): Promise<BenchMember> {
  const { id, voters, transport } = options;
  const disk = openHostDisk(join(options.dir, id.toString()));
  await disk.makeDir('.');
  const stateMachine = new NullMachine(voters);
  let onDurable: (sequence: number) => void = () => {};
  const { wal, recovery } = await WriteAheadLogFile.open({
    disk,
    dir: 'wal',
    clusterId: benchCluster,
    memberId: id,
    segmentBytes: defaultLimits.walSegmentBytes,
    onDurable: (sequence) => onDurable(sequence),
    onFailure: fail,
  });
  const plan = planRecovery(recovery, stateMachine);
  if (plan.kind !== 'start') throw new Error('a new member has nothing to recover');
  const { reset, recovered } = plan;
  if (reset !== null) {
    await new Promise<void>((resolve) => {
      onDurable = () => resolve();
      wal.append({ sequence: 0, entries: [], ...reset });
    });
  }
  const files = await SnapshotStore.open({ disk, dir: 'snap', clusterId: benchCluster });
  const common = { stateMachine, transport, clock: hostClock, logger: silentLogger };
  const snapshots = new SnapshotExchange({
    ...common,
    files,
    chunkBytes: defaultLimits.snapshotChunkBytes,
    sendBytesPerSecond: defaultLimits.snapshotBytesPerSecond,
    retryMs: 1000,
    retainMs: 30 * defaultLimits.electionMs,
  });
  const node = new RaftNode<number>({
    ...defaultLimits,
    ...common,
    core: {
      ...defaultLimits,
      id,
      electionTicks: defaultLimits.electionMs / defaultLimits.heartbeatMs,
      heartbeatTicks: 1,
      checkQuorum: true,
      reads: 'quorum',
    },
    recovered,
    prng: entropyPrng(),
    wal,
    snapshots,
    tickMs: defaultLimits.heartbeatMs,
    defects: new Set(),
    onFatal: fail,
  });
  onDurable = (sequence) => node.onDurable(sequence);
  const close = async () => {
    await node.stop();
    await snapshots.close();
    await wal.close();
    await transport.close();
  };
  return { id, node, close };
}

function fail(error: Error): never {
  throw error;
}
