import { until } from '../client/until.js';
import type { Cluster } from './cluster.js';
import { patiently, RawClient } from './raw-client.js';
import { findViolations, type Stored, Writer } from './writers.js';

/** What came of one kill. */
export interface Round {
  readonly victim: string;
  readonly wasLeader: boolean;
  /** The longest wait of any client, until the member was started again, in milliseconds. */
  readonly gapMs: number;
  /** The same for the clients that write through one member as long as it answers. */
  readonly sequentialGapMs: readonly number[];
  /** From the restart until the member held everything, in milliseconds. */
  readonly catchUpMs: number;
}

const crowdSize = 50;
/** Long enough that a write which waits out a server's own timeout shows as such. */
const deadlineMs = 20_000;
/** How long the others write on before the member comes back. */
const downMs = 4000;

/** 50 clients spread over the members, and one more for each member that starts there. */
export class Crowd {
  readonly writers: readonly Writer[];
  readonly sequential: readonly Writer[];

  constructor(cluster: Cluster) {
    const rotated = (by: number) =>
      cluster.endpoints.map((_, index) => cluster.member(index + by).endpoint);
    const make = (name: string, by: number) =>
      new Writer({ name, endpoints: rotated(by), deadlineMs });
    const crowd = Array.from({ length: crowdSize }, (_, index) => make(`c${index}`, index));
    this.sequential = cluster.endpoints.map((_, index) => make(`s${index}`, index));
    this.writers = [...crowd, ...this.sequential];
  }

  start(): void {
    for (const writer of this.writers) writer.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.writers.map((writer) => writer.stop()));
  }

  /** Spreads the clients over the members again. */
  spread(): void {
    for (const writer of this.writers) writer.goHome();
  }

  get acknowledged(): number {
    return this.writers.reduce((sum, writer) => sum + writer.acknowledgedAt.length, 0);
  }

  /** Waits until every client has been served anew. */
  async progress(): Promise<void> {
    const before = this.writers.map((writer) => writer.acknowledgedAt.length);
    await until('a write of every client is acknowledged', () =>
      this.writers.every((w, index) => w.acknowledgedAt.length > (before[index] ?? 0)),
    );
  }
}

/** Kills a member under load, measures how long anybody waits, starts it again and waits until it has caught up. */
export async function killRound(cluster: Cluster, crowd: Crowd, index: number): Promise<Round> {
  const victim = cluster.member(index);
  const wasLeader = (await leaderIndex(cluster)) === index % cluster.members.length;
  const killedAt = performance.now();
  await victim.kill();
  await new Promise((resolve) => setTimeout(resolve, downMs));
  const end = performance.now();
  const gaps = (writers: readonly Writer[]) => writers.map((w) => w.longestGapMs(killedAt, end));
  const result = {
    victim: victim.spec.name,
    wasLeader,
    gapMs: Math.max(...gaps(crowd.writers)),
    sequentialGapMs: gaps(crowd.sequential),
  };
  const restartedAt = performance.now();
  victim.start();
  await victim.ready();
  await caughtUp(cluster, index);
  crowd.spread();
  return { ...result, catchUpMs: performance.now() - restartedAt };
}

/** How long the leader is frozen. */
const frozenMs = 5000;

/**
 * Freezes the leader (its connections stay open and silent, as when a machine hangs) and measures how long the clients of the
 * other members wait. Writes that were on their way through it must be proposed again by the next leader. Then it goes on.
 */
export async function freezeRound(
  cluster: Cluster,
  crowd: Crowd,
): Promise<{ readonly others: readonly Writer[]; readonly gapMs: number }> {
  const leader = cluster.member(await leaderIndex(cluster));
  const others = crowd.writers.filter((writer) => writer.home !== leader.endpoint);
  const { pid } = leader;
  if (pid === undefined) throw new Error(`${leader.spec.name} is down`);
  const frozenAt = performance.now();
  process.kill(pid, 'SIGSTOP');
  try {
    await new Promise((resolve) => setTimeout(resolve, frozenMs));
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  const end = frozenAt + frozenMs;
  return { others, gapMs: Math.max(...others.map((w) => w.longestGapMs(frozenAt, end))) };
}

/** The index of the member that holds itself to be the leader. */
export async function leaderIndex(cluster: Cluster): Promise<number> {
  const found = await until('a leader is known', async () => {
    const statuses = await Promise.all(cluster.endpoints.map(statusOf));
    const index = statuses.findIndex((s) => s !== null && s.header?.memberId === s.leader);
    return index < 0 ? undefined : { index };
  });
  return found.index;
}

async function statusOf(endpoint: string) {
  const client = new RawClient(endpoint);
  try {
    return await client.status();
  } catch {
    return null; // Down, or without a leader.
  } finally {
    client.close();
  }
}

/** Waits until the member has applied what the others had when this was called. */
async function caughtUp(cluster: Cluster, index: number): Promise<void> {
  const other = await statusOf(cluster.member(index + 1).endpoint);
  const target = other?.header?.revision ?? 0;
  await until(`${cluster.member(index).spec.name} reaches revision ${target}`, async () => {
    const status = await statusOf(cluster.member(index).endpoint);
    return (status?.header?.revision ?? 0) >= target && target > 0;
  });
}

/** What is wrong with the store once nobody writes any more: lost, unknown or repeated writes, and members that differ. */
export async function verify(cluster: Cluster, crowd: Crowd): Promise<string[]> {
  const clients = cluster.endpoints.map((endpoint) => new RawClient(endpoint));
  try {
    const violations: string[] = [];
    const writes = crowd.writers.flatMap((writer) => writer.writes);
    let revision = 0;
    for (const client of clients) {
      const stored = await readAll(client, crowd);
      revision = Math.max(revision, stored.revision);
      const found = findViolations(writes, stored.all);
      violations.push(...found.map((line) => `through ${client.endpoint}: ${line}`));
    }
    const hashes = await Promise.all(clients.map((client) => client.hashKv(revision)));
    if (new Set(hashes.map(({ hash }) => hash)).size !== 1) {
      violations.push(`hashes at revision ${revision} differ: ${hashes.map(({ hash }) => hash)}`);
    }
    return violations;
  } finally {
    for (const client of clients) client.close();
  }
}

async function readAll(client: RawClient, crowd: Crowd) {
  const all: Stored[] = [];
  let revision = 0;
  for (const writer of crowd.writers) {
    const { kvs, header } = await patiently(() => client.range(`w/${writer.name}/`));
    revision = Math.max(revision, header?.revision ?? 0);
    for (const kv of kvs) {
      all.push({
        key: Buffer.from(kv.key).toString(),
        value: Buffer.from(kv.value).toString(),
        version: kv.version,
        modRevision: kv.modRevision,
      });
    }
  }
  return { all, revision };
}
