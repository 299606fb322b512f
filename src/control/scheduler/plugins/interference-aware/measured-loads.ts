import { apiResource, UnreachableError } from '../../../client/index.js';
import type { KubeObject } from '../../../machinery/object.js';
import { StatusError } from '../../../machinery/status.js';
import { parseTime } from '../../../machinery/time.js';
import type { SchedulerHandle } from '../../framework/scheduler-handle.js';
import { loadOf, type NodeLoad } from './node-load.js';

interface NodeMetrics extends KubeObject {
  readonly timestamp?: string;
  readonly usage?: { readonly cpu?: string; readonly memory?: string };
}

const nodeMetrics = apiResource<NodeMetrics>(
  'metrics.k8s.io/v1beta1',
  'nodes',
  'NodeMetrics',
  'cluster',
);

/**
 * What nodes use, as metrics.k8s.io tells it. Asked for behind, when it is looked at and old enough: a scheduler that has nothing to
 * place asks nobody.
 */
export class MeasuredLoads {
  readonly #handle: Pick<SchedulerHandle, 'client' | 'clock' | 'logger'>;
  readonly #refreshMs: number;
  #loads: ReadonlyMap<string, NodeLoad> = new Map();
  /** Monotonic; when metrics were asked for last. */
  #askedMs = Number.NEGATIVE_INFINITY;
  #isAsking = false;

  constructor(
    handle: Pick<SchedulerHandle, 'client' | 'clock' | 'logger'>,
    refreshSeconds: number,
  ) {
    this.#handle = handle;
    this.#refreshMs = refreshSeconds * 1000;
  }

  /** As known now, by node name. */
  get loads(): ReadonlyMap<string, NodeLoad> {
    const nowMs = this.#handle.clock.now();
    if (!this.#isAsking && nowMs - this.#askedMs >= this.#refreshMs) {
      this.#askedMs = nowMs;
      this.#isAsking = true;
      this.#ask()
        .catch((error: unknown) => {
          if (!(error instanceof StatusError) && !(error instanceof UnreachableError)) throw error;
          const { message } = error;
          this.#handle.logger.warn('cannot get the metrics of nodes', { error: message });
        })
        .finally(() => {
          this.#isAsking = false;
        });
    }
    return this.#loads;
  }

  async #ask(): Promise<void> {
    const { items } = await this.#handle.client.objects(nodeMetrics).list();
    const loads = new Map<string, NodeLoad>();
    for (const { metadata, usage, timestamp } of items) {
      const load = loadOf(usage, timestamp === undefined ? null : parseTime(timestamp));
      if (load !== null) loads.set(metadata.name ?? '', load);
    }
    this.#loads = loads;
  }
}
