import type { ResourceQuota } from '../../../api/gen/core-v1.js';
import type { QuotaEvaluator } from '../../../api/quota/evaluator.js';
import { evaluatorOf } from '../../../api/quota/evaluators.js';
import { StatusError } from '../../../machinery/status.js';
import type { AdmissionPlugin, AdmissionRequest } from '../../contracts.js';
import { definePlugin } from '../plugin.js';
import type { AdmissionServices } from '../services.js';
import type { LimitedResource } from './limited-resources.js';
import { chargedQuotas } from './quota-check.js';

const resourceQuotas = { group: '', resource: 'resourcequotas' };
/** Rounds in which another writer may be faster before the request gives up. */
const roundsMax = 4;
const rememberedMax = 1000;

/**
 * Refuses what a quota of the namespace leaves no room for, and reserves what it lets through: `status.used` of each quota is raised by
 * compare-and-swap before the object is written, so that replicas together never let too much through. What is reserved for a write that
 * then fails is given back by the quota controller.
 */
export function resourceQuota(
  services: AdmissionServices,
  limited: readonly LimitedResource[],
): AdmissionPlugin {
  const keeper = new QuotaKeeper(services, limited);
  return definePlugin('ResourceQuota', ['CREATE', 'UPDATE'], {
    async validate(request) {
      if (request.namespace === '' || request.object === null) return;
      if (request.group === '' && request.resource === 'namespaces') return;
      const evaluator = evaluatorOf(request);
      if (evaluator?.handles(request)) await keeper.charge(request, evaluator);
    },
  });
}

class QuotaKeeper {
  readonly #services: AdmissionServices;
  /** What needs a quota. */
  readonly #limited: readonly LimitedResource[];
  /** The last of each namespace's reservations: they are made one after the other. */
  readonly #queues = new Map<string, Promise<void>>();
  /** Quotas that this server wrote, until the cache has caught up; by namespace and name. */
  readonly #written = new Map<string, ResourceQuota>();

  constructor(services: AdmissionServices, limited: readonly LimitedResource[]) {
    this.#services = services;
    this.#limited = limited;
  }

  async charge(request: AdmissionRequest, evaluator: QuotaEvaluator): Promise<void> {
    const { namespace } = request;
    // The usual namespace has no quota: it does not queue.
    if (this.#limited.length === 0 && (await this.#quotas(namespace)).length === 0) return;
    const before = this.#queues.get(namespace) ?? Promise.resolve();
    const turn = before.then(() => this.#chargeInTurn(request, evaluator));
    const settled = turn.catch(() => undefined);
    this.#queues.set(namespace, settled);
    try {
      await turn;
    } finally {
      if (this.#queues.get(namespace) === settled) this.#queues.delete(namespace);
    }
  }

  async #chargeInTurn(request: AdmissionRequest, evaluator: QuotaEvaluator): Promise<void> {
    const { namespace } = request;
    /** Names of the quotas that are charged already: they stay so, whatever becomes of the others. */
    const done = new Set<string | undefined>();
    let quotas = await this.#quotas(namespace);
    for (let round = 1; ; round++) {
      const charged = chargedQuotas(request, quotas, {
        evaluator,
        limited: this.#limited,
      });
      if (charged.length === 0 || request.context.isDryRun) return;
      const conflict = await this.#write(charged, done);
      if (conflict === null) return;
      if (round === roundsMax) throw conflict;
      const stored = await this.#services.latest.list(resourceQuotas, namespace);
      quotas = stored.filter(({ metadata }) => !done.has(metadata.name));
    }
  }

  /** Null when all were written; otherwise the conflict of the first that was not. */
  async #write(
    charged: readonly ResourceQuota[],
    done: Set<string | undefined>,
  ): Promise<StatusError | null> {
    for (const quota of charged) {
      const namespace = quota.metadata.namespace ?? '';
      try {
        this.#remember(await this.#services.writer.updateStatus(resourceQuotas, namespace, quota));
        done.add(quota.metadata.name);
      } catch (error) {
        if (error instanceof StatusError && error.reason === 'Conflict') return error;
        throw error;
      }
    }
    return null;
  }

  async #quotas(namespace: string): Promise<readonly ResourceQuota[]> {
    const cached = (await this.#services.objects.list(
      resourceQuotas,
      namespace,
    )) as readonly ResourceQuota[];
    return cached.map((quota) => {
      const written = this.#written.get(keyOf(quota));
      if (written === undefined) return quota;
      if (revisionOf(quota) < revisionOf(written)) return written;
      this.#written.delete(keyOf(quota));
      return quota;
    });
  }

  #remember(stored: ResourceQuota): void {
    if (this.#written.size >= rememberedMax) this.#written.clear();
    this.#written.set(keyOf(stored), stored);
  }
}

function keyOf({ metadata }: ResourceQuota): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function revisionOf({ metadata }: ResourceQuota): number {
  return Number(metadata.resourceVersion ?? 0);
}
