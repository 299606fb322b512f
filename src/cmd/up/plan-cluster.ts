import { fileFacts } from '../../host/state-files.js';
import { chooseNetwork, claimNetwork } from './choose-network.js';
import type { ClusterNetwork } from './cluster-network.js';
import type { Console } from './console.js';
import type { ClusterFolder } from './folder.js';
import type { NetworkClaims } from './network-claims.js';
import type { ClusterPlan, NodeRuntime } from './plan.js';
import { chooseApiPort, choosePorts, findTakenPort } from './ports.js';
import { UpError } from './up-error.js';

/** What the plan of a cluster follows from besides what its folder says. */
export interface PlanOptions {
  /** Wanted for a new cluster; null: the usual ones. */
  readonly ports: readonly number[] | null;
  readonly isStoreOnly: boolean;
  readonly nodes: number | null;
  readonly runtime: NodeRuntime | null;
  /** Wanted for a new cluster; null: those of the plan, at first IPv4 alone. */
  readonly hasIpv6: boolean | null;
  /** Holds the networks of the cluster. */
  readonly claims: NetworkClaims;
  readonly console: Console;
}

/** The plan of the folder's cluster, or of a new one; what is chosen for the first time is kept there. Rejects with {@link UpError}. */
export async function planFor(folder: ClusterFolder, options: PlanOptions): Promise<ClusterPlan> {
  const known = folder.plan ?? (await newPlan(folder, options));
  if (folder.plan !== null) {
    options.console.line(`flotilla up: going on with the data in ${folder.path}`);
    await requireFree(known, options);
  }
  if (options.isStoreOnly) return { ...known, apiPort: null };
  const plan: ClusterPlan = {
    ...known,
    apiPort: known.apiPort ?? (await chooseApiPort(options.ports)),
    network: known.network ?? (await newNetwork(options)),
    nodes: {
      count: options.nodes ?? known.nodes?.count ?? 1,
      runtime: options.runtime ?? known.nodes?.runtime ?? 'process',
    },
  };
  await folder.store(plan);
  return plan;
}

async function newNetwork({ claims, hasIpv6 }: PlanOptions): Promise<ClusterNetwork> {
  if (hasIpv6 === true && (await fileFacts('/proc/net/if_inet6')) === null)
    throw new UpError('--ip-families=IPv4,IPv6: this kernel has no IPv6');
  return chooseNetwork(claims, { hasIpv6: hasIpv6 === true });
}

async function newPlan(
  folder: ClusterFolder,
  { ports, console }: PlanOptions,
): Promise<ClusterPlan> {
  console.line(`flotilla up: a new cluster, data in ${folder.path}`);
  const { plan, moved } = await choosePorts(ports);
  for (const { wanted, chosen } of moved) {
    console.bad(`port ${wanted} is taken by another program: using ${chosen}`);
  }
  await folder.store(plan);
  return plan;
}

async function requireFree(
  plan: ClusterPlan,
  { claims, hasIpv6, isStoreOnly }: PlanOptions,
): Promise<void> {
  const taken = await findTakenPort(plan);
  if (taken !== undefined) {
    throw new UpError(
      `port ${taken.port} of member ${taken.name} is taken by another program: stop it, or start a new cluster with another --data-dir`,
    );
  }
  if (plan.network === null || isStoreOnly) return;
  if (hasIpv6 !== null && hasIpv6 !== (plan.network.ipv6 !== null)) {
    throw new UpError(
      '--ip-families: those of a cluster never change: start a new one with another --data-dir',
    );
  }
  const network = await claimNetwork(claims, plan.network);
  if (network !== undefined) {
    throw new UpError(
      `the network ${network} of this cluster is used by something else on this machine by now (see \`ip route\`): ` +
        'stop that, or start a new cluster with another --data-dir',
    );
  }
}
