import { join } from 'node:path';
import type { ClusterNetwork, FamilyNetwork } from './cluster-network.js';

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
  /** Null when there was no API server so far. */
  readonly network: ClusterNetwork | null;
  /** How many nodes there were in the last run, and what ran their containers. */
  readonly nodes: NodesChoice | null;
}

/** What runs the containers of nodes. */
export type NodeRuntime = 'process' | 'cri';

/** The nodes of a cluster. */
export interface NodesChoice {
  readonly count: number;
  readonly runtime: NodeRuntime;
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
    // As seldom as the time until an election allows: a cluster that rests is to cost little.
    '--heartbeat-interval=200',
    '--election-timeout=1000',
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
  const { apiPort = null, nodes = null } = value;
  // Clusters of earlier versions have addresses of version 4 alone.
  const network = isRecord(value.network) ? { ipv6: null, ...value.network } : null;
  if (apiPort !== null && !isPort(apiPort)) return undefined;
  if (network !== null && !isNetwork(network)) return undefined;
  if (nodes !== null && !isNodesChoice(nodes)) return undefined;
  return members.length === 0 ? undefined : { members, apiPort, network, nodes };
}

const cidrForms = {
  4: /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/,
  6: /^[0-9a-f:]{2,39}\/\d{1,3}$/,
} as const;

function isNetwork(value: unknown): value is ClusterNetwork {
  if (!isRecord(value) || !isFamily(value, 4)) return false;
  const { prefix, ipv6 } = value as Readonly<Record<string, unknown>>;
  if (typeof prefix !== 'string' || !/^[a-z][a-z0-9]{0,7}$/.test(prefix)) return false;
  return ipv6 === null || isFamily(ipv6, 6);
}

function isFamily(value: unknown, version: 4 | 6): value is FamilyNetwork {
  if (!isRecord(value)) return false;
  return [value.gateway, value.podCidr, value.serviceCidr].every(
    (cidr) => typeof cidr === 'string' && cidrForms[version].test(cidr),
  );
}

function isNodesChoice(value: unknown): value is NodesChoice {
  if (!isRecord(value)) return false;
  const { count, runtime } = value;
  return Number.isInteger(count) && (runtime === 'process' || runtime === 'cri');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536;
}
