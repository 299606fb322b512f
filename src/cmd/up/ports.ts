import { defined } from '../../base/assert.js';
import { ListenError } from '../../host/listen-error.js';
import { listenStreams } from '../../host/net.js';
import { UsageError } from '../usage-error.js';
import type { ClusterPlan } from './plan.js';

const host = '127.0.0.1';
/** Client and peer ports as etcd's Procfile has them, and kube-apiserver's. */
const usualPorts: readonly number[] = [2379, 2380, 22379, 22380, 32379, 32380, 6443];
/** How many ports a new cluster may be told: two for each member, and the API server's. */
export const portCount = usualPorts.length;
/** So far from the API's port those of the servers behind it begin: 16443. */
const serverPortDistance = 10_000;
/**
 * The search goes up, and from 32768 on kernels hand ports out for outgoing connections: a server that comes back could find its port in use.
 */
const portMax = 32_000;
/** How far the search for a free port goes. */
const triesMax = 200;

/** A plan for a new cluster, and which of the wanted ports were taken. */
export interface PortChoice {
  readonly plan: ClusterPlan;
  readonly moved: readonly { readonly wanted: number; readonly chosen: number }[];
}

/**
 * Chooses the ports of a new cluster's store: those that are wanted ({@link portCount} of them), or the usual ones. A port that is taken is
 * replaced by the next free one.
 */
export async function choosePorts(ports: readonly number[] | null): Promise<PortChoice> {
  const wanted = ports ?? usualPorts;
  const pairs = pairsOf(wanted.slice(0, -1));
  const wantedPorts = new Set(wanted);
  const taken = new Set<number>();
  const moved: { wanted: number; chosen: number }[] = [];
  const choose = async (wanted: number) => {
    let chosen = wanted;
    for (let tries = 0; taken.has(chosen) || !(await isFree(chosen)); tries++) {
      if (tries === triesMax) throw new UsageError(`no free port near ${wanted}: try --ports`);
      do chosen++;
      while (wantedPorts.has(chosen));
    }
    taken.add(chosen);
    if (chosen !== wanted) moved.push({ wanted, chosen });
    return chosen;
  };
  const members = [];
  for (const [index, [client, peer]] of pairs.entries()) {
    const clientPort = await choose(client);
    members.push({ name: `m${index + 1}`, clientPort, peerPort: await choose(peer) });
  }
  return { plan: { members, apiPort: null, network: null, nodes: null }, moved };
}

/** A port for the API server: the one that is wanted or the usual one, or the next that is free. */
export async function chooseApiPort(ports: readonly number[] | null): Promise<number> {
  return findFreePort(host, defined((ports ?? usualPorts).at(-1)));
}

/** Where so many API servers listen: one at the port of the API itself, several each at one of its own, behind a front. They may change. */
export async function serverPorts(
  { members }: ClusterPlan,
  apiPort: number,
  count: number,
): Promise<readonly number[]> {
  if (count === 1) return [apiPort];
  const kept = new Set(members.flatMap(({ clientPort, peerPort }) => [clientPort, peerPort]));
  const ports: number[] = [];
  let port =
    apiPort + serverPortDistance > portMax
      ? apiPort - serverPortDistance
      : apiPort + serverPortDistance;
  for (; ports.length < count; port++) {
    port = await findFreePort(host, port);
    if (!kept.has(port)) ports.push(port);
  }
  return ports;
}

/** The first of a plan's ports that somebody listens on, if any. */
export async function findTakenPort(
  plan: ClusterPlan,
): Promise<{ readonly name: string; readonly port: number } | undefined> {
  for (const { name, clientPort, peerPort } of plan.members) {
    for (const port of [clientPort, peerPort]) if (!(await isFree(port))) return { name, port };
  }
  const { apiPort: port } = plan;
  if (port !== null && !(await isFree(port))) return { name: 'apiserver', port };
  return undefined;
}

function pairsOf(ports: readonly number[]): (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  for (let at = 0; at + 1 < ports.length; at += 2) pairs.push([ports[at] ?? 0, ports[at + 1] ?? 0]);
  return pairs;
}

/** The first port from `wanted` on that nobody listens on at an address. */
export async function findFreePort(address: string, wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + triesMax; port++)
    if (await isFree(port, address)) return port;
  throw new UsageError(`no free port near ${wanted} of ${address}`);
}

async function isFree(port: number, address = host): Promise<boolean> {
  try {
    const listener = await listenStreams({ host: address, port }, null, (stream) => {
      stream.destroy();
      return { onData: () => {}, onClose: () => {} };
    });
    await listener.close();
    return true;
  } catch (error) {
    if (error instanceof ListenError) return false;
    throw error;
  }
}
