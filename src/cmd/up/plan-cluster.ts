import { chooseNetwork, findTakenNetwork } from './cluster-network.js';
import type { Console } from './console.js';
import type { ClusterFolder } from './folder.js';
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
  readonly console: Console;
}

/** The plan of the folder's cluster, or of a new one; what is chosen for the first time is kept there. Rejects with {@link UpError}. */
export async function planFor(folder: ClusterFolder, options: PlanOptions): Promise<ClusterPlan> {
  const known = folder.plan ?? (await newPlan(folder, options));
  if (folder.plan !== null) {
    options.console.line(`flotilla up: going on with the data in ${folder.path}`);
    await requireFree(known);
  }
  if (options.isStoreOnly) return { ...known, apiPort: null };
  const plan: ClusterPlan = {
    ...known,
    apiPort: known.apiPort ?? (await chooseApiPort(options.ports)),
    network: known.network ?? (await chooseNetwork()),
    nodes: {
      count: options.nodes ?? known.nodes?.count ?? 1,
      runtime: options.runtime ?? known.nodes?.runtime ?? 'process',
    },
  };
  await folder.store(plan);
  return plan;
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

async function requireFree(plan: ClusterPlan): Promise<void> {
  const taken = await findTakenPort(plan);
  if (taken !== undefined) {
    throw new UpError(
      `port ${taken.port} of member ${taken.name} is taken by another program: stop it, or start a new cluster with another --data-dir`,
    );
  }
  const network = plan.network === null ? undefined : await findTakenNetwork(plan.network);
  if (network !== undefined) {
    throw new UpError(
      `the network ${network} of this cluster is used by something else on this machine by now (see \`ip route\`): ` +
        'stop that, or start a new cluster with another --data-dir',
    );
  }
}
