import { join } from 'node:path';

/** One member as `flotilla up` runs it. Its ports never change: its identity in the cluster is made of its peer URL. */
export interface PlannedMember {
  readonly name: string;
  readonly clientPort: number;
  readonly peerPort: number;
}

/** What `flotilla up` keeps about a cluster in its folder. */
export interface ClusterPlan {
  readonly members: readonly PlannedMember[];
  /** Of the API server; null when there was none so far. */
  readonly apiPort: number | null;
}

const host = '127.0.0.1';
const formatVersion = 1;

/** A plan's place in the folder. */
export const planFile = 'up.json';

/** The folder that holds a member's data. */
export function memberDir(dir: string, { name }: PlannedMember): string {
  return join(dir, name);
}

/** Where a member's log goes. */
export function memberLog(dir: string, { name }: PlannedMember): string {
  return join(dir, `${name}.log`);
}

/** `host:port` for clients of a member. */
export function endpointOf({ clientPort }: PlannedMember): string {
  return `${host}:${clientPort}`;
}

/** The store's URLs, for programs that are its clients. */
export function storeUrls({ members }: ClusterPlan): readonly string[] {
  return members.map((member) => `http://${endpointOf(member)}`);
}

/** `host:port` for a member's peers. */
export function peerEndpointOf({ peerPort }: PlannedMember): string {
  return `${host}:${peerPort}`;
}

/** The flags of `flotilla store` for a member. */
export function storeFlagsOf(plan: ClusterPlan, member: PlannedMember, dir: string): string[] {
  const clientUrl = `http://${endpointOf(member)}`;
  const peerUrl = `http://${peerEndpointOf(member)}`;
  const cluster = plan.members.map((each) => `${each.name}=http://${peerEndpointOf(each)}`);
  return [
    `--name=${member.name}`,
    `--data-dir=${memberDir(dir, member)}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=${cluster.join(',')}`,
    '--initial-cluster-token=flotilla-up',
    '--initial-cluster-state=new',
  ];
}

/** A plan as it is stored. */
export function formatPlan(plan: ClusterPlan): string {
  return `${JSON.stringify({ format: formatVersion, ...plan }, null, 2)}\n`;
}

/** Reads a stored plan; undefined when the text is none. */
export function parsePlan(text: string): ClusterPlan | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value.format !== formatVersion || !Array.isArray(value.members)) {
    return undefined;
  }
  const members: PlannedMember[] = [];
  for (const each of value.members as readonly unknown[]) {
    if (!isRecord(each)) return undefined;
    const { name, clientPort, peerPort } = each;
    if (typeof name !== 'string' || !/^\w+$/.test(name)) return undefined;
    if (!isPort(clientPort) || !isPort(peerPort)) return undefined;
    members.push({ name, clientPort, peerPort });
  }
  const { apiPort = null } = value;
  if (apiPort !== null && !isPort(apiPort)) return undefined;
  return members.length === 0 ? undefined : { members, apiPort };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536;
}
