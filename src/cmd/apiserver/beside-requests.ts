import { setMaxListeners } from 'node:events';
import { defined } from '../../base/assert.js';
import { type Clock, sleep } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { ApiServices } from '../../control/apiserver/aggregation/api-services.js';
import type { AuthorizationMode } from '../../control/apiserver/authorization/modes.js';
import type { NodeGraph } from '../../control/apiserver/authorization/node/node-graph.js';
import { reconcileBootstrapRbac } from '../../control/apiserver/authorization/rbac/bootstrap/reconcile.js';
import type { RbacPolicy } from '../../control/apiserver/authorization/rbac/rbac-policy.js';
import type { CustomResources } from '../../control/apiserver/crd/custom-resources.js';
import type { FlowControl } from '../../control/apiserver/flow-control/flow-control.js';
import type { EndpointTable } from '../../control/apiserver/registry/endpoint-table.js';
import type { ServerWrites } from '../../control/apiserver/registry/server-writes.js';
import type { ApiServer } from '../../control/apiserver/server/api-server.js';
import type { AuthenticationInfo } from '../../control/apiserver/server/authentication-info.js';
import { AuthenticationPublisher } from '../../control/apiserver/server/authentication-publisher.js';
import {
  type BootstrapStep,
  basicSteps,
  runBootstrap,
} from '../../control/apiserver/server/bootstrap.js';
import { ensureDefaultServiceCidr } from '../../control/apiserver/server/default-service-cidr.js';
import { feedFlowControl, flowControlStep } from '../../control/apiserver/server/flow-feed.js';
import { KubernetesService } from '../../control/apiserver/server/kubernetes-service.js';
import { legacyTokenTrackingStep } from '../../control/apiserver/server/legacy-token-tracking.js';
import { feedNodeGraph } from '../../control/apiserver/server/node-feed.js';
import { feedRbacPolicy, rbacWriter } from '../../control/apiserver/server/rbac-feed.js';
import type { ObjectStorage } from '../../control/apiserver/storage/contracts.js';
import {
  type OpenStorage,
  openStorage,
  type StoreConnection,
} from '../../control/apiserver/storage/index.js';
import type { GroupResource } from '../../control/machinery/object.js';
import type { ParsedFlags } from './parse.js';
import type { ServiceParts } from './service-parts.js';

/** Milliseconds that a store has to answer when this replica leaves. */
const leaveMsMax = 2_000;

/** What it works with. */
export interface BesideRequestsOptions {
  readonly flags: ParsedFlags;
  readonly checkStore: () => Promise<string | null>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly address: string;
  readonly store: StoreConnection;
  readonly storePrefix: string;
  readonly endpoints: EndpointTable;
  readonly writes: ServerWrites;
  readonly server: ApiServer;
  /** Of authorization, as it is at the start. */
  readonly modes: readonly AuthorizationMode[];
  readonly policy: RbacPolicy;
  readonly nodes: NodeGraph;
  readonly serviceParts: ServiceParts;
  readonly customResources: CustomResources;
  /** Null: priority and fairness is off. */
  readonly flows: FlowControl | null;
  readonly apiServices: ApiServices;
  readonly authenticationInfo: AuthenticationInfo;
}

/** What an API server does without being asked: it brings into the cluster what every cluster has, and keeps it right. */
export class BesideRequests {
  readonly #options: BesideRequestsOptions;
  readonly #stopped = new AbortController();
  readonly #running: Promise<void>[] = [];
  /** One object a replica that runs. */
  readonly #leases: OpenStorage;
  readonly #authentication: AuthenticationPublisher;
  #kubernetes: KubernetesService | null = null;

  constructor(options: BesideRequestsOptions) {
    this.#options = options;
    const { store, storePrefix, server } = options;
    // Everything that runs listens to it.
    setMaxListeners(0, this.#stopped.signal);
    this.#leases = openStorage({
      store,
      prefix: `${storePrefix}/masterleases`,
      groupResource: { group: '', resource: 'endpoints' },
      isNamespaced: false,
      cached: false,
    });
    const { writes, clock, logger, authenticationInfo: info } = options;
    const configMaps = this.#storageOf({ group: '', resource: 'configmaps' });
    this.#authentication = new AuthenticationPublisher({ info, configMaps, writes, clock, logger });
    server.readiness.add({ name: 'etcd', check: options.checkStore });
  }

  /** Begins; resolves once everything is there that a cluster begins with. `port` is where this replica is reached. */
  async start(port: number): Promise<void> {
    const { flags, clock, logger, endpoints, serviceParts, server } = this.#options;
    const { policy, nodes, flows, writes } = this.#options;
    const { signal } = this.#stopped;
    if (flags.text('endpoint-reconciler-type') !== 'none') this.#kubernetes = this.#service(port);
    const steps = this.#steps();
    const done = new Set<string>();
    for (const { name } of steps) {
      const check = () => (done.has(name) ? null : 'not finished');
      server.readiness.add({ name: `poststarthook/${name}`, check });
    }
    const feed = { clock, logger, signal };
    await Promise.all([
      this.#uses('RBAC') ? feedRbacPolicy(policy, endpoints, feed) : null,
      flows === null ? null : feedFlowControl(flows, endpoints, { ...feed, writes }),
      this.#uses('Node') ? feedNodeGraph(nodes, endpoints, feed) : null,
      this.#options.customResources.start(signal),
      this.#options.apiServices.start(signal),
    ]);
    this.#running.push(serviceParts.run(clock, signal), this.#options.apiServices.run(signal));
    await runBootstrap(steps, { clock, logger, signal, onDone: (name) => done.add(name) });
    this.#running.push(this.#authentication.run(signal));
    if (this.#kubernetes !== null) this.#running.push(this.#kubernetes.run(signal));
  }

  /** Takes this replica out of the endpoints. False: the store does not answer; the replica's lease ends by itself then. */
  async leave(): Promise<boolean> {
    const { clock, logger, checkStore } = this.#options;
    const late = new AbortController();
    const left = async () => {
      await this.#kubernetes?.leave();
      return await checkStore();
    };
    const problem = await Promise.race([
      left().catch((error: unknown) => (error instanceof Error ? error.message : String(error))),
      sleep(clock, leaveMsMax, late.signal).then(
        () => 'the store does not answer',
        () => null,
      ),
    ]);
    late.abort();
    if (problem !== null) {
      logger.warn('this replica may still be among the endpoints', { error: problem });
    }
    return problem === null;
  }

  /** Ends. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#running);
  }

  /** Closes its storage. */
  close(): Promise<void> {
    return this.#leases.close();
  }

  #uses(mode: AuthorizationMode): boolean {
    return this.#options.modes.includes(mode);
  }

  #service(port: number): KubernetesService {
    const { flags, writes, clock, logger, address, serviceParts } = this.#options;
    const advertised = flags.number('advertise-port');
    const isBehind = advertised !== 0 && advertised !== port;
    return new KubernetesService({
      ...{ writes, clock, logger, address, port: isBehind ? advertised : port },
      replica: isBehind ? String(port) : '',
      leases: this.#leases,
      storageOf: (resource) => this.#storageOf(resource),
      clusterIp: defined(serviceParts.ips[0], 'a range of addresses').range.at(0n),
    });
  }

  #storageOf({ group, resource }: GroupResource): ObjectStorage {
    return defined(this.#options.endpoints.registry(group, resource)).storage;
  }

  #steps(): readonly BootstrapStep[] {
    const { writes, endpoints, serviceParts, clock } = this.#options;
    const cidrs = serviceParts.ips.map(({ range }) => range.toString());
    const steps = [
      ...basicSteps(writes),
      {
        name: 'start-kubernetes-service-cidr-controller',
        run: () => ensureDefaultServiceCidr(writes, cidrs, () => clock.wallTime()),
      },
    ];
    steps.push(legacyTokenTrackingStep(writes, clock));
    steps.push({
      name: 'start-cluster-authentication-info-controller',
      run: () => this.#authentication.round(),
    });
    if (this.#options.flows !== null) steps.push(flowControlStep(writes));
    if (this.#uses('RBAC')) {
      const writer = rbacWriter(endpoints, writes);
      steps.push({ name: 'rbac/bootstrap-roles', run: () => reconcileBootstrapRbac(writer) });
    }
    const kubernetes = this.#kubernetes;
    if (kubernetes !== null) {
      steps.push({ name: 'bootstrap-controller', run: () => kubernetes.round() });
    }
    return steps;
  }
}
