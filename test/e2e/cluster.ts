import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Member, type MemberSpec, type ServerKind } from './member.js';
import { freePorts } from './ports.js';

/** What a cluster is started with. */
export interface ClusterOptions {
  readonly kind: ServerKind;
  /** Default 3. */
  readonly size?: number;
  /** Further flags of every member. */
  readonly flags?: readonly string[];
  /** The members' executable, when it is not the kind's own: another etcd, or another `bin/flotilla`. */
  readonly program?: string | undefined;
  /** Where the members' folders go; made, and removed by stop(), when not given. */
  readonly dir?: string;
}

/** The part of a tap test that a cluster needs to clean up after it. */
export interface TestScope {
  teardown(handler: () => Promise<void>): void;
  passing(): boolean;
  comment(message: string): void;
}

/** A cluster of separate processes on loopback. */
export class Cluster {
  readonly kind: ServerKind;
  readonly members: readonly Member[];
  readonly #dir: string;
  readonly #isDirOurs: boolean;

  private constructor(options: {
    kind: ServerKind;
    members: readonly Member[];
    dir: string;
    isDirOurs: boolean;
  }) {
    this.kind = options.kind;
    this.members = options.members;
    this.#dir = options.dir;
    this.#isDirOurs = options.isDirOurs;
  }

  /** Starts a new cluster and waits until every member serves. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = await Cluster.plan(options);
    try {
      await cluster.startAll();
    } catch (error) {
      const report = cluster.report();
      await cluster.stop();
      throw new Error(`the cluster did not start\n${report}`, { cause: error });
    }
    return cluster;
  }

  /** Chooses ports and folders, but starts nothing. */
  static async plan(options: ClusterOptions): Promise<Cluster> {
    const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'flotilla-e2e-')));
    const specs = await planMembers(options, dir);
    return new Cluster({
      kind: options.kind,
      members: specs.map((spec) => new Member(spec)),
      dir,
      isDirOurs: options.dir === undefined,
    });
  }

  /** Starts a cluster that is stopped with the test, showing the members' logs if the test failed. */
  static async forTest(t: TestScope, options: ClusterOptions): Promise<Cluster> {
    const cluster = await Cluster.start(options);
    t.teardown(async () => {
      if (!t.passing()) t.comment(cluster.report());
      await cluster.stop();
    });
    return cluster;
  }

  /** `host:port` of every member. */
  get endpoints(): readonly string[] {
    return this.members.map((member) => member.endpoint);
  }

  /** The member with this index; wraps around. */
  member(index: number): Member {
    const member = this.members[index % this.members.length];
    if (member === undefined) throw new RangeError(`no member ${index}`);
    return member;
  }

  /** Starts all members that are down and waits until they serve. */
  async startAll(): Promise<void> {
    for (const member of this.members) if (!member.isRunning) member.start();
    await Promise.all(this.members.map((member) => member.ready()));
  }

  /** Ends all members at once. */
  async killAll(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill(signal)));
  }

  /** Ends what runs and removes the data, when the folder is the cluster's own. */
  async stop(): Promise<void> {
    await this.killAll();
    if (this.#isDirOurs) await rm(this.#dir, { recursive: true, force: true });
  }

  /** The last lines of every member's log. */
  report(linesPerMember = 40): string {
    const sections = this.members.map((member) => {
      const state = member.isRunning ? 'running' : 'down';
      return [`--- ${member.spec.name} (${state})`, ...member.log.slice(-linesPerMember)].join(
        '\n',
      );
    });
    return sections.join('\n');
  }
}

async function planMembers(options: ClusterOptions, dir: string): Promise<MemberSpec[]> {
  const size = options.size ?? 3;
  const ports = await freePorts(2 * size);
  const bases = Array.from({ length: size }, (_, index) => ({
    kind: options.kind,
    program: options.program,
    name: `m${index}`,
    clientUrl: `http://127.0.0.1:${ports[2 * index]}`,
    peerUrl: `http://127.0.0.1:${ports[2 * index + 1]}`,
    dataDir: join(dir, `m${index}`),
  }));
  const initialCluster = bases.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  return bases.map((base) => ({
    ...base,
    flags: [...staticFlags({ ...base, initialCluster }), ...(options.flags ?? [])],
  }));
}

/** etcd's flags for a member of a static cluster. */
export function staticFlags(member: {
  readonly name: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  readonly dataDir: string;
  readonly initialCluster: string;
}): string[] {
  return [
    ...['--name', member.name],
    ...['--data-dir', member.dataDir],
    ...['--listen-client-urls', member.clientUrl],
    ...['--advertise-client-urls', member.clientUrl],
    `--listen-peer-urls=${member.peerUrl}`,
    `--initial-advertise-peer-urls=${member.peerUrl}`,
    ...['--initial-cluster', member.initialCluster],
    ...['--initial-cluster-token', 'flotilla-e2e'],
    ...['--initial-cluster-state', 'new'],
  ];
}
