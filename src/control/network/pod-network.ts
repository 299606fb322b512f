import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { type RunCommand, runToSuccess } from '../../host/command.js';
import type { Namespace, Node, Pod } from '../api/gen/core-v1.js';
import type { NetworkPolicy } from '../api/gen/networking-v1.js';
import { type Informer, resources, type SharedInformers } from '../client/index.js';
import type { NftTable } from '../dataplane/nft-table.js';
import { NftWriter } from '../dataplane/nft-writer.js';
import { SyncLoop } from '../dataplane/sync-loop.js';
import { deepEqual } from '../machinery/deep-equal.js';
import type { KubeObject } from '../machinery/object.js';
import { policyPods } from './policy/cluster-pods.js';
import { planPolicies, policyTable } from './policy/plan-policies.js';
import { masqueradeTable, planMasquerade, planRoutes } from './routes/plan-routes.js';
import { writeRoutes } from './routes/write-routes.js';

/** What a node's part of the pod network is made of. */
export interface PodNetworkOptions {
  readonly informers: SharedInformers;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Runs commands as the node. */
  readonly run: RunCommand;
  readonly nodeName: string;
  /** Where all pods have their addresses. Empty: the networks of the nodes. */
  readonly clusterCidrs: readonly string[];
  readonly minSyncPeriodMs: number;
  readonly syncPeriodMs: number;
}

/** Keeps a node's routes to the pods of others, the masquerading of what leaves the cluster, and the rules of network policies. */
export class PodNetwork {
  readonly #options: PodNetworkOptions;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  readonly #namespaces: Informer<Namespace>;
  readonly #policies: Informer<NetworkPolicy>;
  readonly #policyWriter: NftWriter;
  readonly #masqueradeWriter: NftWriter;
  readonly #loop: SyncLoop;

  constructor(options: PodNetworkOptions) {
    this.#options = options;
    const { informers, clock, logger, run, minSyncPeriodMs, syncPeriodMs } = options;
    this.#nodes = informers.of(resources.nodes);
    this.#pods = informers.of(resources.pods);
    this.#namespaces = informers.of(resources.namespaces);
    this.#policies = informers.of(resources.networkPolicies);
    this.#policyWriter = new NftWriter({ run, at: policyTable });
    this.#masqueradeWriter = new NftWriter({ run, at: masqueradeTable });
    this.#loop = new SyncLoop({
      ...{ clock, logger, minPeriodMs: minSyncPeriodMs, periodMs: syncPeriodMs },
      sync: (isPeriodic) => this.#sync(isPeriodic),
    });
    this.#follow(this.#nodes, ({ spec, status }) => [
      ...[spec?.podCIDRs, spec?.podCIDR, status?.addresses],
    ]);
    this.#follow(this.#pods, ({ metadata, spec, status }) => [
      ...[metadata.labels, spec?.nodeName, status?.phase, status?.podIPs],
    ]);
    this.#follow(this.#namespaces, ({ metadata }) => metadata.labels);
    this.#follow(this.#policies, ({ spec }) => spec);
  }

  /** Works until the signal aborts, and leaves everything as it is: pods outlive it. */
  async run(signal: AbortSignal): Promise<void> {
    // With half the pods known, policies would keep out those that are not.
    await this.#options.informers.untilSynced(signal).catch(() => {}); // Told to stop.
    if (!signal.aborted) await this.#filterBridges();
    this.#loop.ask();
    await this.#loop.run(signal);
  }

  /** Takes back what this or another process did on this node. */
  async cleanUp(): Promise<void> {
    await this.#policyWriter.remove();
    await this.#masqueradeWriter.remove();
    await writeRoutes(this.#options.run, []);
  }

  /** Packets between two pods of a node cross its bridge alone: rules see them only when the kernel is told to show them. */
  async #filterBridges(): Promise<void> {
    const { run, logger } = this.#options;
    const settings = ['iptables', 'ip6tables'].map((name) => `net.bridge.bridge-nf-call-${name}=1`);
    const args = ['-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1', ...settings];
    await runToSuccess(run, { command: 'sysctl', args }).catch((error: unknown) =>
      logger.error('network policies between pods of this node may not hold', {
        problem: error instanceof Error ? error.message : String(error),
      }),
    );
  }

  #planPolicies(): NftTable {
    const policies = [...this.#policies.lister.all()];
    // Who is not under any policy needs not be looked at.
    if (policies.length === 0) return planPolicies([], []);
    const namespaces = new Map(
      [...this.#namespaces.lister.all()].map((each) => [each.metadata.name ?? '', each]),
    );
    const pods = policyPods(this.#pods.lister.all(), namespaces, this.#options.nodeName);
    return planPolicies(policies, pods);
  }

  /** Most updates tell of what rules do not depend on: how nodes and pods are. */
  #follow<T extends KubeObject>(informer: Informer<T>, relevant: (object: T) => unknown): void {
    const ask = () => this.#loop.ask();
    const onUpdate = (before: T, after: T) => {
      if (!deepEqual(relevant(before), relevant(after))) ask();
    };
    informer.addHandler({ onAdd: ask, onUpdate, onDelete: ask });
  }

  async #sync(isPeriodic: boolean): Promise<void> {
    const { nodeName, clusterCidrs, run } = this.#options;
    if (isPeriodic) {
      await this.#policyWriter.check('forward');
      await this.#masqueradeWriter.check('postrouting');
    }
    await this.#policyWriter.write(this.#planPolicies());
    const nodes = [...this.#nodes.lister.all()];
    await this.#masqueradeWriter.write(planMasquerade(nodes, { nodeName, clusterCidrs }));
    await writeRoutes(run, planRoutes(nodes, nodeName));
  }
}
