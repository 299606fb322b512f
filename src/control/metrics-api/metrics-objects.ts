import type { Node, Pod } from '../api/gen/core-v1.js';
import type { JsonObject } from '../machinery/json.js';
import { Quantity } from '../machinery/quantity.js';
import { formatTime } from '../machinery/time.js';
import type { ContainerUsage, Usage } from './usage-book.js';

/** The group and version that is served. */
export const metricsVersion = 'metrics.k8s.io/v1beta1';

/** An object of the metrics API with what tables show of it. */
export interface MetricsObject {
  readonly document: JsonObject & { readonly metadata: JsonObject };
  readonly labels: Readonly<Record<string, string>>;
  readonly namespace: string;
  readonly name: string;
  /** Together with all of its containers. */
  readonly usage: Usage;
}

/** What a node uses, as a NodeMetrics. */
export function nodeMetrics({ metadata }: Node, usage: Usage, nowMs: number): MetricsObject {
  const { name = '', labels = {} } = metadata;
  return {
    ...{ labels, name, namespace: '', usage },
    document: {
      kind: 'NodeMetrics',
      apiVersion: metricsVersion,
      metadata: objectMeta({ name, labels }, nowMs),
      ...timesOf(usage),
      usage: amountsOf(usage),
    },
  };
}

/** What a pod uses, as a PodMetrics. There is at least one container. */
export function podMetrics(
  { metadata }: Pod,
  containers: readonly ContainerUsage[],
  nowMs: number,
): MetricsObject {
  const { name = '', namespace = '', labels = {} } = metadata;
  const usage = together(containers.map((each) => each.usage));
  return {
    ...{ labels, name, namespace, usage },
    document: {
      kind: 'PodMetrics',
      apiVersion: metricsVersion,
      metadata: objectMeta({ name, namespace, labels }, nowMs),
      ...timesOf(usage),
      containers: containers.map((each) => ({ name: each.name, usage: amountsOf(each.usage) })),
    },
  };
}

function objectMeta(
  of: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Readonly<Record<string, string>>;
  },
  nowMs: number,
): JsonObject {
  const { name, namespace, labels } = of;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    creationTimestamp: formatTime(nowMs),
    ...(Object.keys(labels).length === 0 ? {} : { labels: { ...labels } }),
  };
}

function timesOf({ atMs, windowMs }: Usage) {
  return { timestamp: formatTime(atMs), window: windowText(windowMs) };
}

/** A duration as Go writes it, to the millisecond: `15.042s`, `1m0.5s`. */
export function windowText(ms: number): string {
  const whole = Math.round(ms);
  const minutes = Math.floor(whole / 60_000);
  const seconds = `${(whole - minutes * 60_000) / 1000}s`;
  return minutes === 0 ? seconds : `${minutes}m${seconds}`;
}

/** CPU and memory as quantities. */
export function amountsOf({ cpuNanoCores, memoryBytes }: Usage) {
  return { cpu: Quantity.parse(`${cpuNanoCores}n`).toString(), memory: memoryText(memoryBytes) };
}

function memoryText(bytes: number): string {
  return Quantity.of(Math.round(bytes), 'binary-si').toString();
}

/** What several use together; as old as the oldest of them, over the longest window. */
function together(usages: readonly Usage[]): Usage {
  return {
    atMs: Math.min(...usages.map(({ atMs }) => atMs)),
    windowMs: Math.max(...usages.map(({ windowMs }) => windowMs)),
    cpuNanoCores: usages.reduce((sum, { cpuNanoCores }) => sum + cpuNanoCores, 0),
    memoryBytes: usages.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
  };
}
