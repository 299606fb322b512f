import { CallError } from '../../rpc/index.js';
import { Cluster, KV, Maintenance, type StatusResponse } from '../../wire/index.js';
import { openChannel } from './channels.js';
import { keyOf } from './keys.js';
import { type LoadSpec, setUpMsMax } from './spec.js';

/** A run cannot start or go on; the message says why. Exit code 1. */
export class BenchError extends Error {
  override readonly name = 'BenchError';
}

/** The members that a load calls, and what they are. */
export interface Target {
  readonly endpoints: readonly string[];
  readonly version: string;
  readonly members: number;
}

/** Asks the endpoints who they are; with `isLeaderOnly` the target is the leader alone. */
export async function findTarget(spec: LoadSpec): Promise<Target> {
  const found = await Promise.all(
    spec.endpoints.map(async (endpoint) => ({ endpoint, ...(await statusOf(endpoint, spec)) })),
  );
  const leaders = found.filter(({ status }) => status.leader === status.header?.memberId);
  if (spec.isLeaderOnly && leaders.length === 0) {
    throw new BenchError(
      '--target-leader: none of --endpoints is the leader now; name all members',
    );
  }
  const { status, members } = found[0] as (typeof found)[number];
  return {
    endpoints: spec.isLeaderOnly
      ? leaders.map(({ endpoint }) => endpoint).slice(0, 1)
      : spec.endpoints,
    version: status.version,
    members,
  };
}

async function statusOf(
  endpoint: string,
  spec: LoadSpec,
): Promise<{ readonly status: StatusResponse; readonly members: number }> {
  const channel = openChannel(endpoint, spec);
  const options = { timeoutMs: setUpMsMax };
  try {
    const status = await channel.unary(Maintenance.methods.Status, {}, options);
    const { members } = await channel.unary(Cluster.methods.MemberList, {}, options);
    return { status, members: members.length };
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    throw new BenchError(`cannot reach ${endpoint}: ${error.message}`, { cause: error });
  } finally {
    await channel.close();
  }
}

/** Whether any key of the load's key space is not there. */
export async function missingKeys(spec: LoadSpec): Promise<boolean> {
  const channel = openChannel(spec.endpoints[0] as string, spec);
  try {
    const key = keyOf(0, spec.keySizeBytes);
    const last = keyOf(spec.keySpace - 1, spec.keySizeBytes);
    const rangeEnd = new Uint8Array([...last, 0]);
    const { count } = await channel.unary(KV.methods.Range, { key, rangeEnd, countOnly: true });
    return count < spec.keySpace;
  } finally {
    await channel.close();
  }
}
