import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from '../../test/e2e/cluster.js';
import type { Member, ServerKind } from '../../test/e2e/member.js';
import { RawClient } from '../../test/e2e/raw-client.js';
import { cpuMsOf, residentMiBOf } from './processes.js';

/** What a side is started with. */
export interface SideOptions {
  readonly kind: ServerKind;
  /** Another executable than the kind's own. */
  readonly program: string | null;
  /** Default 3. */
  readonly members: number;
  /** Under which folder the members keep their data; null: the temporary one. */
  readonly dataDir: string | null;
}

/** Ten minutes of puts are more than etcd's default of 2 GiB. */
const quotaBytes = 8 * 2 ** 30;
const leaderMsMax = 30_000;

/** One of the clusters that are compared: its members on this machine, with fresh data and default durability. */
export class Side {
  readonly kind: ServerKind;
  readonly cluster: Cluster;

  /** The folder that was made for its data. */
  readonly #dir: string;

  private constructor(cluster: Cluster, dir: string) {
    this.kind = cluster.kind;
    this.cluster = cluster;
    this.#dir = dir;
    process.once('exit', this.#onExit);
  }

  /** Ctrl-C ends the members with this process; their data goes too. */
  readonly #onExit = () => rmSync(this.#dir, { recursive: true, force: true, maxRetries: 3 });

  static async start({ kind, program, members, dataDir }: SideOptions): Promise<Side> {
    const dir = await mkdtemp(join(dataDir ?? tmpdir(), 'flotilla-bench-'));
    const flags = [`--quota-backend-bytes=${quotaBytes}`];
    try {
      return new Side(
        await Cluster.start({
          kind,
          size: members,
          program: program ?? undefined,
          dir,
          flags,
        }),
        dir,
      );
    } catch (error) {
      await rm(dir, { recursive: true, force: true });
      throw error;
    }
  }

  /** URLs of all members. */
  get endpoints(): readonly string[] {
    return this.cluster.endpoints.map((endpoint) => `http://${endpoint}`);
  }

  /** The member that leads now. */
  async leader(): Promise<Member> {
    const deadline = performance.now() + leaderMsMax;
    while (performance.now() < deadline) {
      for (const member of this.cluster.members) {
        if (member.isRunning && (await isLeader(member))) return member;
      }
    }
    throw new Error(`${this.kind}: no leader within ${leaderMsMax / 1000} s`);
  }

  /** Processor time of all members so far, milliseconds. */
  cpuMs(): number {
    return this.#pids().reduce((sum, pid) => sum + cpuMsOf(pid), 0);
  }

  /** Resident memory of a member, the mean of all, MiB. */
  memoryMiB(): number {
    const pids = this.#pids();
    return pids.reduce((sum, pid) => sum + residentMiBOf(pid), 0) / pids.length;
  }

  #pids(): number[] {
    return this.cluster.members.flatMap(({ pid }) => pid ?? []);
  }

  /** Ends the members and removes their data. */
  async stop(): Promise<void> {
    await this.cluster.stop();
    await rm(this.#dir, { recursive: true, force: true });
    process.off('exit', this.#onExit);
  }
}

async function isLeader(member: Member): Promise<boolean> {
  const client = new RawClient(member.endpoint);
  try {
    const { leader, header } = await client.status();
    return leader !== 0n && leader === header?.memberId;
  } catch {
    // It is down, or just starting: another may lead.
    return false;
  } finally {
    client.close();
  }
}
