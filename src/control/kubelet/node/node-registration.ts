import { type Clock, sleep } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { Prng } from '../../../base/prng.js';
import type { Lease } from '../../api/gen/coordination-v1.js';
import type { Node, NodeStatus } from '../../api/gen/core-v1.js';
import {
  type ControlClient,
  type EventRecorder,
  resources,
  UnreachableError,
} from '../../client/index.js';
import { semanticEqual } from '../../machinery/deep-equal.js';
import { StatusError } from '../../machinery/status.js';
import { formatMicroTime } from '../../machinery/time.js';
import type { KubeletSettings } from '../settings.js';
import { type NodeFacts, newNode, nodeLabels, nodeStatus, statusPatch } from './node-status.js';

/** Where the leases of nodes are. */
const leaseNamespace = 'kube-node-lease';

/** What a node is registered with. */
export interface NodeRegistrationParts {
  readonly client: ControlClient;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  readonly events: EventRecorder;
  readonly settings: KubeletSettings;
  /** How the node is now. */
  readonly facts: () => Promise<NodeFacts>;
  /** The Node as it is watched; null: it has not come yet. */
  readonly watched: () => Node | null;
}

const retryMs = { first: 200, last: 7000 };

/** Registers the node, and lets the API server know that and how it is: a lease every few seconds, its status when that is news. */
export class NodeRegistration {
  readonly #parts: NodeRegistrationParts;
  #node: Node | null = null;
  #lease: Lease | null = null;
  #writtenAtMs = Number.NEGATIVE_INFINITY;
  #wakeStatus: AbortController = new AbortController();

  constructor(parts: NodeRegistrationParts) {
    this.#parts = parts;
  }

  /** The Node as it is known; null: it is not registered yet. */
  get node(): Node | null {
    return this.#node;
  }

  /** The status has changed: it is written now. */
  wake(): void {
    this.#wakeStatus.abort();
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#retried(signal, () => this.#register(signal));
    if (signal.aborted) return;
    await Promise.all([this.#renewLeases(signal), this.#writeStatuses(signal)]);
  }

  async #register(signal: AbortSignal): Promise<void> {
    const { client, settings, events } = this.#parts;
    const nodes = client.objects(resources.nodes);
    const facts = await this.#parts.facts();
    const known = await nodes.get({ name: settings.nodeName }, { signal }).catch(absent);
    if (known === null) {
      if (!settings.isRegistered) throw new UnreachableError('the node is not registered yet');
      this.#node = await nodes.create(newNode(facts), { signal });
    } else this.#node = await this.#adopt(known, facts, signal);
    events.event(this.#reference(), 'Normal', 'Starting', 'Starting kubelet.');
  }

  /** The node has been here before: its labels are brought up to date. */
  async #adopt(known: Node, facts: NodeFacts, signal: AbortSignal): Promise<Node> {
    const { client, settings, events } = this.#parts;
    const boot = known.status?.nodeInfo?.bootID ?? '';
    if (boot !== '' && boot !== facts.machine.bootId) {
      const text = `Node ${settings.nodeName} has been rebooted, boot id: ${facts.machine.bootId}`;
      events.event(this.#reference(known), 'Warning', 'Rebooted', text);
    }
    const labels = nodeLabels(settings, facts.machine.architecture);
    const isSame = Object.entries(labels).every(
      ([key, value]) => known.metadata.labels?.[key] === value,
    );
    if (isSame) return known;
    return client
      .objects(resources.nodes)
      .patch({ name: settings.nodeName }, 'merge', { metadata: { labels } }, { signal });
  }

  async #writeStatuses(signal: AbortSignal): Promise<void> {
    const { clock, settings } = this.#parts;
    while (!signal.aborted) {
      // Who wakes it while it is being written has it written again.
      this.#wakeStatus = new AbortController();
      await this.#retried(signal, () => this.#writeStatus(signal));
      const woken = AbortSignal.any([signal, this.#wakeStatus.signal]);
      await sleep(clock, settings.nodeStatusUpdateMs, woken).catch(() => {}); // Woken, or told to stop.
    }
  }

  /** Writes it when it has changed, or was not written for long. */
  async #writeStatus(signal: AbortSignal): Promise<void> {
    const { client, settings, clock } = this.#parts;
    const nodes = client.objects(resources.nodes);
    const facts = await this.#parts.facts();
    const before = this.#latest()?.status ?? {};
    const status = nodeStatus(facts, before);
    const isDue = clock.now() - this.#writtenAtMs >= settings.nodeStatusReportMs;
    if (!isDue && isSameStatus(before, status)) return;
    this.#tell(before, status);
    const patch = statusPatch(before, status);
    const options = { subresource: 'status', signal };
    try {
      this.#node = await nodes.patch({ name: settings.nodeName }, 'strategic', patch, options);
      this.#writtenAtMs = clock.now();
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
      // Somebody deleted it while this kubelet runs.
      await this.#register(signal);
    }
  }

  /** Others write the status too: what is watched, but for an echo from before the last own write. */
  #latest(): Node | null {
    const watched = this.#parts.watched();
    const own = this.#node;
    if (watched === null || own === null || watched.metadata.uid !== own.metadata.uid) return own;
    return versionOf(watched) > versionOf(own) ? watched : own;
  }

  #tell(before: NodeStatus, after: NodeStatus): void {
    const { events, settings } = this.#parts;
    const reasons: Readonly<Record<string, readonly [string, string]>> = {
      MemoryPressure: ['NodeHasInsufficientMemory', 'NodeHasSufficientMemory'],
      DiskPressure: ['NodeHasDiskPressure', 'NodeHasNoDiskPressure'],
      PIDPressure: ['NodeHasInsufficientPID', 'NodeHasSufficientPID'],
      Ready: ['NodeReady', 'NodeNotReady'],
    };
    for (const { type = '', status } of after.conditions ?? []) {
      const known = before.conditions?.find((each) => each.type === type);
      const reason = reasons[type]?.[status === 'True' ? 0 : 1];
      if (known?.status === status || reason === undefined) continue;
      const message = `Node ${settings.nodeName} status is now: ${reason}`;
      events.event(this.#reference(), 'Normal', reason, message);
    }
  }

  async #renewLeases(signal: AbortSignal): Promise<void> {
    const { clock, settings, prng } = this.#parts;
    const periodMs = (settings.nodeLeaseSeconds * 1000) / 4;
    while (!signal.aborted) {
      await this.#retried(signal, () => this.#renew(signal));
      const pauseMs = periodMs * (1 + 0.04 * prng.float());
      await sleep(clock, pauseMs, signal).catch(() => {}); // Told to stop.
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { client, clock, settings } = this.#parts;
    const leases = client.objects(resources.leases);
    const { nodeName: name, nodeLeaseSeconds } = settings;
    const spec = {
      holderIdentity: name,
      leaseDurationSeconds: nodeLeaseSeconds,
      renewTime: formatMicroTime(clock.wallTime()),
    };
    try {
      const known =
        this.#lease ??
        (await leases.get({ name, namespace: leaseNamespace }, { signal }).catch(absent));
      const { uid = '' } = this.#node?.metadata ?? {};
      const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid }];
      const metadata = { name, namespace: leaseNamespace, ownerReferences };
      this.#lease =
        known === null
          ? await leases.create({ metadata, spec }, { signal })
          : await leases.update({ ...known, spec: { ...known.spec, ...spec } }, { signal });
    } catch (error) {
      this.#lease = null;
      throw error;
    }
  }

  /** Until it succeeds or the signal aborts. */
  async #retried(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const { clock, logger } = this.#parts;
    for (
      let pauseMs = retryMs.first;
      !signal.aborted;
      pauseMs = Math.min(retryMs.last, pauseMs * 2)
    ) {
      try {
        await work();
        return;
      } catch (error) {
        if (signal.aborted) return;
        const isOperating = error instanceof StatusError || error instanceof UnreachableError;
        if (!isOperating && !(error instanceof Error && error.name === 'RuntimeError')) throw error;
        const { message } = error;
        logger.warn('the node could not tell of itself; trying again', { error: message });
        await sleep(clock, pauseMs, signal).catch(() => {}); // Told to stop.
      }
    }
  }

  /** As kubelets name themselves in events: by name, with the name for a uid. */
  #reference(node: Node | null = this.#node): Node {
    const { nodeName: name } = this.#parts.settings;
    return { apiVersion: 'v1', kind: 'Node', metadata: { name, uid: node?.metadata.uid ?? name } };
  }
}

/** Versions of one object are counted up. */
function versionOf({ metadata }: Node): bigint {
  const { resourceVersion = '' } = metadata;
  return /^\d+$/.test(resourceVersion) ? BigInt(resourceVersion) : 0n;
}

function isSameStatus(before: NodeStatus, after: NodeStatus): boolean {
  const plain = ({ conditions = [], ...rest }: NodeStatus, types: ReadonlySet<string>) => ({
    ...Object.fromEntries(Object.entries(rest).filter(([key]) => key in after)),
    conditions: conditions
      .filter(({ type = '' }) => types.has(type))
      .map(({ lastHeartbeatTime: _, ...condition }) => condition)
      .sort((a, b) => ((a.type ?? '') < (b.type ?? '') ? -1 : 1)),
  });
  const types = new Set((after.conditions ?? []).map(({ type = '' }) => type));
  return semanticEqual(plain(before, types), plain(after, types));
}

function absent(error: unknown): null {
  if (error instanceof StatusError && error.reason === 'NotFound') return null;
  throw error;
}
