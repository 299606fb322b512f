import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { RunCommand } from '../../host/command.js';
import type { Node, Service } from '../api/gen/core-v1.js';
import type { EndpointSlice } from '../api/gen/discovery-v1.js';
import { type Informer, keyOf, resources, type SharedInformers } from '../client/index.js';
import { SyncLoop } from '../dataplane/sync-loop.js';
import { deepEqual } from '../machinery/deep-equal.js';
import { parseTime } from '../machinery/time.js';
import { forgetFlows, staleFlows } from './conntrack.js';
import { type HealthCheckPort, healthCheckOf } from './health-checks.js';
import type { NodeFacts } from './model/node-facts.js';
import { ServiceCatalog } from './model/service-catalog.js';
import type { IpFamily, ServicePortView } from './model/service-port.js';
import { factsOf, type ProxySettings, placeOf } from './node-source.js';
import type { ProxyBackend } from './proxy-backend.js';

/** What a proxy is made of. */
export interface ProxierOptions {
  readonly informers: SharedInformers;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nodeName: string;
  readonly settings: ProxySettings;
  /** One a family that the node serves. */
  readonly backends: ReadonlyMap<IpFamily, ProxyBackend>;
  /** The addresses that the machine has now. */
  readonly machineAddresses: () => Promise<readonly string[]>;
  /** Runs `conntrack`. Null: the kernel translates nothing, and remembers no flows. */
  readonly run: RunCommand | null;
  readonly minSyncPeriodMs: number;
  readonly syncPeriodMs: number;
  /** Is told after each sync what load balancers may ask for. */
  readonly onHealthChecks: (ports: readonly HealthCheckPort[]) => Promise<void>;
  readonly onSync: (tookMs: number, ports: number) => void;
  /** Is told, once endpoints are served, how long ago their pods or services changed: milliseconds. */
  readonly onProgrammed: (latencyMs: number) => void;
}

const serviceNameLabel = 'kubernetes.io/service-name';
const byService = 'proxy: service';
/** On slices, by the controller that makes them: since when the change was due that they show last. */
const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

/** Follows services, their endpoints and its node, and keeps the data planes as they say. */
export class Proxier {
  readonly #options: ProxierOptions;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #catalog: ServiceCatalog;
  readonly #loop: SyncLoop;
  #facts = new Map<IpFamily, NodeFacts>();
  /** Flows to be forgotten once the rules are there that send them elsewhere. */
  #flows: (readonly string[])[] = [];
  /** Of slices that changed since the last sync: when what they show began. Wall-clock milliseconds. */
  #triggeredMs: number[] = [];
  readonly #startedMs: number;

  constructor(options: ProxierOptions) {
    this.#options = options;
    const { informers, clock, logger, minSyncPeriodMs, syncPeriodMs, nodeName } = options;
    this.#startedMs = clock.wallTime();
    this.#services = informers.of(resources.services);
    this.#slices = informers.of(resources.endpointSlices, { indexes: { [byService]: serviceOf } });
    this.#catalog = new ServiceCatalog({
      serviceKeys: () => [...this.#services.lister.all()].map(keyOfObject),
      service: (key) => this.#services.lister.byKey(key),
      slicesOf: (key) => this.#slices.lister.byIndex(byService, key),
    });
    this.#loop = new SyncLoop({
      ...{ clock, logger, minPeriodMs: minSyncPeriodMs, periodMs: syncPeriodMs },
      sync: (isPeriodic) => this.#sync(isPeriodic),
    });
    const onService = (service: Service) => this.#onChange(keyOfObject(service));
    this.#services.addHandler({
      onAdd: onService,
      onUpdate: (_, after) => onService(after),
      onDelete: onService,
    });
    const onSlice = (slice: EndpointSlice) => {
      for (const key of serviceOf(slice)) this.#onChange(key);
    };
    this.#slices.addHandler({
      onAdd: (slice) => {
        onSlice(slice);
        this.#noteTrigger(null, slice);
      },
      onUpdate: (before, after) => {
        [before, after].forEach(onSlice);
        this.#noteTrigger(before, after);
      },
      onDelete: onSlice,
    });
    const onNode = ({ metadata }: Node) => {
      if (metadata.name === nodeName) this.#loop.ask();
    };
    informers.of(resources.nodes).addHandler({
      onAdd: onNode,
      // A node tells how it is every few seconds.
      onUpdate: (before, after) => {
        if (!deepEqual(relevantOf(before), relevantOf(after))) onNode(after);
      },
      onDelete: onNode,
    });
  }

  /** Since when changes wait that are not in the rules yet; null when all are. Wall-clock milliseconds. */
  get pendingSinceMs(): number | null {
    return this.#loop.pendingSinceMs;
  }

  /** Works until the signal aborts, and leaves the rules as they are: connections outlive the proxy. */
  async run(signal: AbortSignal): Promise<void> {
    // Rules of half the services would refuse what the other half serves.
    await this.#options.informers.untilSynced(signal).catch(() => {});
    this.#loop.ask();
    await this.#loop.run(signal);
  }

  #onChange(key: string): void {
    this.#catalog.onChange(key);
    this.#loop.ask();
  }

  /** What began before the proxy did waited for it, and says nothing of how fast it is. */
  #noteTrigger(before: EndpointSlice | null, after: EndpointSlice): void {
    const text = after.metadata.annotations?.[triggerTimeAnnotation] ?? '';
    if (text === before?.metadata.annotations?.[triggerTimeAnnotation]) return;
    const ms = parseTime(text);
    if (ms !== null && ms >= this.#startedMs) this.#triggeredMs.push(ms);
  }

  async #sync(isPeriodic: boolean): Promise<void> {
    const { clock, backends, nodeName, informers, onSync, run } = this.#options;
    const triggered = this.#triggeredMs.splice(0);
    const startedMs = clock.now();
    const node = informers.of(resources.nodes).lister.get('', nodeName);
    const changes = this.#catalog.refresh(placeOf(nodeName, node));
    if (run !== null) this.#flows.push(...staleFlows(changes));
    const ports = this.#catalog.ports();
    await this.#refreshFacts();
    for (const [family, backend] of backends) {
      const own: ServicePortView[] = ports.filter((port) => port.family === family);
      const facts = this.#facts.get(family);
      if (facts !== undefined) await backend.sync({ facts, ports: own }, { isPeriodic });
    }
    if (run !== null) await forgetFlows(run, this.#flows);
    this.#flows = [];
    await this.#options.onHealthChecks(this.#healthChecks());
    onSync(clock.now() - startedMs, ports.length);
    const nowMs = clock.wallTime();
    for (const ms of triggered) this.#options.onProgrammed(Math.max(0, nowMs - ms));
  }

  /** The same objects for as long as they say the same: backends tell by them whether all rules are to be made again. */
  async #refreshFacts(): Promise<void> {
    const { backends, settings, nodeName, informers, machineAddresses } = this.#options;
    const addresses = await machineAddresses();
    const node = informers.of(resources.nodes).lister.get('', nodeName);
    for (const family of backends.keys()) {
      const facts = factsOf(settings, { family, node, machineAddresses: addresses });
      if (!deepEqual(facts, this.#facts.get(family))) this.#facts.set(family, facts);
    }
  }

  #healthChecks(): readonly HealthCheckPort[] {
    const { nodeName } = this.#options;
    return [...this.#services.lister.all()].flatMap((service) => {
      if ((service.spec?.healthCheckNodePort ?? 0) === 0) return [];
      const slices = this.#slices.lister.byIndex(byService, keyOfObject(service));
      return healthCheckOf(service, slices, nodeName) ?? [];
    });
  }
}

/** What of a node rules depend on. */
function relevantOf({ metadata, spec, status }: Node): unknown {
  return [metadata.labels, status?.addresses, spec?.podCIDRs, spec?.podCIDR];
}

function keyOfObject({ metadata }: Service): string {
  return keyOf(metadata.namespace ?? '', metadata.name ?? '');
}

function serviceOf({ metadata }: EndpointSlice): readonly string[] {
  const name = metadata.labels?.[serviceNameLabel];
  return name === undefined ? [] : [keyOf(metadata.namespace ?? '', name)];
}
