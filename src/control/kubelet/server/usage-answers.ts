import type { Logger } from '../../../base/logger.js';
import type { MachineIdentity } from '../../../host/machine.js';
import type { KubeletView, VolumeUsage } from '../kubelet-view.js';
import { cadvisorMetrics } from '../usage/cadvisor-metrics.js';
import { CpuRates } from '../usage/cpu-rates.js';
import { type MetricFamily, metricText, metricTextType } from '../usage/metric-text.js';
import { type NodeSnapshot, takeSnapshot } from '../usage/node-snapshot.js';
import { probeMetrics } from '../usage/probe-metrics.js';
import { resourceMetrics } from '../usage/resource-metrics.js';
import { statsSummary } from '../usage/stats-summary.js';
import { type KubeletCall, sendJson, sendText } from './call.js';

/** What is asked for what is used. */
export interface UsageParts {
  readonly view: KubeletView;
  readonly machine: Pick<MachineIdentity, 'cpus'>;
  readonly logger: Logger;
}

/** Answers what a node and its pods use. */
export class UsageAnswers {
  readonly #parts: UsageParts;
  readonly #rates = new CpuRates();

  constructor(parts: UsageParts) {
    this.#parts = parts;
  }

  /** GET /metrics/resource */
  async resource(call: KubeletCall): Promise<void> {
    try {
      sendMetrics(call, resourceMetrics(await takeSnapshot(this.#parts.view)));
    } catch (error) {
      this.#warn(error);
      sendMetrics(call, [scrapeError]);
    }
  }

  /** GET /metrics/cadvisor */
  async cadvisor(call: KubeletCall): Promise<void> {
    const { view, machine } = this.#parts;
    sendMetrics(call, cadvisorMetrics(await takeSnapshot(view), machine));
  }

  /** GET /metrics/probes */
  probes(call: KubeletCall): void {
    sendMetrics(call, probeMetrics(this.#parts.view.probeCounts()));
  }

  /** GET /stats/summary; with `only_cpu_and_memory=true` no more than that. */
  async summary(call: KubeletCall): Promise<void> {
    const { view } = this.#parts;
    const isOnlyCpuAndMemory = call.query.get('only_cpu_and_memory') === 'true';
    const snapshot = await takeSnapshot(view);
    const volumes = isOnlyCpuAndMemory ? noVolumes : await volumesOf(view, snapshot);
    const nanoCores = this.#rates.update(totalsOf(snapshot));
    const facts = { nodeName: view.nodeName, nanoCores, volumes, isOnlyCpuAndMemory };
    sendJson(call, statsSummary(snapshot, facts));
  }

  #warn(error: unknown): void {
    this.#parts.logger.warn('what is used could not be found out', { error: String(error) });
  }
}

const noVolumes: ReadonlyMap<string, readonly VolumeUsage[]> = new Map();

const scrapeError: MetricFamily = {
  ...{ name: 'resource_scrape_error', type: 'gauge' },
  help: '1 if what is used could not be found out, 0 otherwise.',
  samples: [{ labels: {}, value: 1 }],
};

function sendMetrics(call: KubeletCall, families: readonly MetricFamily[]): void {
  sendText(call, 200, metricText(families), metricTextType);
}

async function volumesOf(view: KubeletView, { pods }: NodeSnapshot) {
  const entries = pods.map(async ({ pod }) => {
    const { uid = '' } = pod.metadata;
    return [uid, await view.volumeUsage(uid)] as const;
  });
  return new Map(await Promise.all(entries));
}

function totalsOf({ usage, pods }: NodeSnapshot) {
  const all = pods.flatMap(({ containers }) => containers);
  return new Map([
    ['', { atMs: usage.timestampMs, nanoseconds: usage.cpuNanoseconds }],
    ...all.map(
      ({ stats }) =>
        [
          stats.containerId,
          { atMs: stats.timestampMs, nanoseconds: stats.cpuNanoseconds },
        ] as const,
    ),
  ]);
}
