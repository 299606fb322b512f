import { type Clock, sleep } from '../../base/clock.js';
import type { Node } from '../../control/api/gen/core-v1.js';
import { connectRest, readKubeconfig } from '../../control/client/index.js';
import type { Address } from '../../host/net.js';
import { readTextFile } from '../../host/text-file.js';
import { WebClient, WebClientError } from '../../rpc/index.js';
import { mergeKubeconfig } from '../credentials/merge-kubeconfig.js';
import { ensureClusterObjects, removeOtherNodes } from './cluster-objects.js';
import type { Console } from './console.js';
import {
  apiServerPrograms,
  type ControlPlan,
  dnsProgram,
  electedPrograms,
  metricsServerProgram,
} from './control-programs.js';
import { controlSteps } from './guide.js';
import { tailOf } from './log-tail.js';
import type { ClusterNodes } from './nodes/cluster-nodes.js';
import type { NodesPlan } from './nodes/node-programs.js';
import { simulatedNames, simulatedNodesProgram } from './nodes/simulated-nodes.js';
import type { ProgramSet } from './program-set.js';
import type { ProgramSpec } from './program-spec.js';
import {
  accountCheck,
  leaderCheck,
  nameCheck,
  nodeCheck,
  pageCheck,
  type ReadinessCheck,
  simulatedCheck,
  untilReady,
} from './readiness.js';
import { UpError } from './up-error.js';

/** What it runs with. */
export interface ControlPlaneOptions {
  readonly control: ControlPlan;
  readonly nodes: ClusterNodes;
  readonly nodesPlan: NodesPlan;
  /** Where the cluster's DNS answers. */
  readonly dns: Address;
  /** Where the metrics of nodes and pods are. */
  readonly metrics: Address;
  /** Nodes without machines. */
  readonly simulatedNodes: number;
  /** Where the node ports of nodes in namespaces are on this machine; null: nowhere. */
  readonly nodePortsHost: string | null;
  /** A kubeconfig that the administrator's is merged into; null: none. */
  readonly mergeInto: string | null;
  readonly programs: ProgramSet;
  readonly clock: Clock;
  readonly console: Console;
  /** Aborted when the run is over. */
  readonly ended: AbortSignal;
}

const pollMs = 100;
const askMs = 2000;
const failedStartsMax = 3;
const proxyHealthPort = 10_256;

/** What makes a store into a cluster that runs pods: API server, controllers, scheduler, DNS, and the programs of nodes. */
export class ControlPlane {
  readonly #options: ControlPlaneOptions;
  /** When this run began: what was written before says nothing of it. */
  readonly #sinceMs: number;
  /** Ends of API servers before the API was first served. */
  #failedStarts = 0;
  #isServing = false;

  constructor(options: ControlPlaneOptions) {
    this.#options = options;
    this.#sinceMs = options.clock.wallTime();
  }

  /** Starts the API servers: each waits for its store by itself, and loads while the store comes up. */
  startServers(): void {
    const { programs, control } = this.#options;
    for (const spec of apiServerPrograms(control)) {
      programs.start(spec, {
        onEnd: () => {
          if (!this.#isServing) this.#failedStarts++;
        },
      });
    }
  }

  /** Starts the rest, and resolves once the cluster is ready, or the run is over. Throws {@link UpError} when the API server never serves. */
  async start(): Promise<void> {
    const { console, control, programs, nodes, nodesPlan, dns, metrics, simulatedNodes } =
      this.#options;
    if (!(await this.#untilServing())) return;
    this.#isServing = true;
    console.good(`the API server serves on 127.0.0.1:${control.apiPort}`);
    for (const spec of electedPrograms(control)) programs.start(spec);
    for (const spec of nodes.programs(nodesPlan)) programs.start(spec);
    programs.start(dnsProgram(control, dns));
    if (nodes.all.length > 0) programs.start(metricsServerProgram(control, metrics));
    if (simulatedNodes > 0) programs.start(this.#simulatedProgram());
    if (!(await this.#untilReady())) return;
    await this.#tellAdministrator();
  }

  async #tellAdministrator(): Promise<void> {
    const { console, control, mergeInto } = this.#options;
    const { files } = control;
    await files.writeAdminKubeconfig();
    if (mergeInto !== null) {
      await mergeKubeconfig(mergeInto, await readTextFile(files.adminKubeconfig));
      console.line(`merged into ${mergeInto} as the current context`);
    }
    for (const line of controlSteps(files.adminKubeconfig, this.#options.nodePortsHost))
      console.line(line);
  }

  /** Pods are to come to real nodes, where there are any, unless they say that they tolerate others. */
  #simulatedProgram(): ProgramSpec {
    const { control, nodes, simulatedNodes } = this.#options;
    const hasReal = nodes.all.length > 0;
    return simulatedNodesProgram(control, { count: simulatedNodes, isTainted: hasReal });
  }

  async #untilReady(): Promise<boolean> {
    const { clock, console, ended, control, nodes } = this.#options;
    const access = await readKubeconfig(control.files.ownKubeconfig);
    const client = connectRest(access, { clock, userAgent: 'flotilla-up' });
    try {
      const volumes = control.volumesDir;
      await ensureClusterObjects(client, { volumes, signal: ended });
      await removeOtherNodes(client, this.#nodeNames(), ended);
      const checks = this.#checks(client);
      if (!(await untilReady(checks, { clock, console, signal: ended }))) return false;
      await nodes.routeMachine();
      return true;
    } catch (error) {
      if (ended.aborted) return false;
      throw error;
    } finally {
      await client.close();
    }
  }

  /** Of all that this run has, simulated ones as well. */
  #nodeNames(): ReadonlySet<string> {
    const { nodes, simulatedNodes } = this.#options;
    return new Set([...nodes.all.map(({ name }) => name), ...simulatedNames(simulatedNodes)]);
  }

  #checks(client: ReturnType<typeof connectRest>): readonly ReadinessCheck[] {
    const { clock, nodes, nodesPlan, dns, simulatedNodes } = this.#options;
    const sinceMs = this.#sinceMs;
    const leader = (lease: string, text: string) => leaderCheck(client, { lease, text, sinceMs });
    return [
      leader('kube-controller-manager', 'the controllers work'),
      leader('kube-scheduler', 'the scheduler works'),
      accountCheck(client),
      nameCheck(clock, dns),
      ...(simulatedNodes > 0 ? [simulatedCheck(client, simulatedNames(simulatedNodes))] : []),
      ...nodes.all.flatMap(({ name, address }) => {
        const onNode = (node: Node) => nodes.connect(node);
        const url = `http://${address}:${proxyHealthPort}/healthz`;
        const proxy = pageCheck(clock, { url, text: `${name} leads to services` });
        const node = nodeCheck(client, { name, sinceMs, onNode });
        return nodesPlan.areApart ? [node, proxy] : [node];
      }),
    ];
  }

  /** False when the run was over before. */
  async #untilServing(): Promise<boolean> {
    const { clock, ended, programs, control } = this.#options;
    const ca = await control.files.authority();
    const web = new WebClient({ clock });
    try {
      while (!ended.aborted) {
        if (this.#failedStarts >= failedStartsMax) {
          const log = programs.logOf('apiserver');
          const what = `the API server ended ${this.#failedStarts} times before it served`;
          throw new UpError(`${what}; the end of ${log}:\n${await tailOf(log)}`);
        }
        if (await this.#isServed(web, ca)) return true;
        await sleep(clock, pollMs, ended).catch(() => {}); // The run is over.
      }
      return false;
    } finally {
      web.close();
    }
  }

  async #isServed(web: WebClient, ca: string): Promise<boolean> {
    try {
      const url = `${this.#options.control.files.url}/readyz`;
      const response = await web.request({ url, tls: { ca }, timeoutMs: askMs });
      response.cancel();
      return response.status === 200;
    } catch (error) {
      if (!(error instanceof WebClientError)) throw error;
      return false;
    }
  }
}
