import type { NodeReading, UsageSample } from './usage-sample.js';

/** What something uses. */
export interface Usage {
  /** When it was measured last. */
  readonly atMs: number;
  /** Over how long. */
  readonly windowMs: number;
  /** Billionths of a core, over the window. */
  readonly cpuNanoCores: number;
  /** At its end. */
  readonly memoryBytes: number;
}

/** A container's name, and what it uses. */
export interface ContainerUsage {
  readonly name: string;
  readonly usage: Usage;
}

/** The last two samples. */
interface Series {
  readonly last: UsageSample;
  /** Null: there is but one. */
  readonly before: UsageSample | null;
}

/** Of something that has just started the time since then counts, when it is as long as this. */
const freshMsMin = 10_000;

/** Keeps the last two readings of each node, by which it is known what nodes, pods and containers use. */
export class UsageBook {
  readonly #resolutionMs: number;
  readonly #nodes = new Map<string, Series>();
  /** By node, and of each by namespace and name of the pod. */
  readonly #pods = new Map<string, ReadonlyMap<string, ReadonlyMap<string, Series>>>();

  /** `resolutionMs` is how often nodes are read. */
  constructor(resolutionMs: number) {
    this.#resolutionMs = resolutionMs;
  }

  /** A node has been read. Containers that it does not name any more are forgotten. */
  add(node: string, reading: NodeReading): void {
    if (reading.node !== null) this.#nodes.set(node, next(this.#nodes.get(node), reading.node));
    const before = this.#pods.get(node);
    const pods = new Map<string, Map<string, Series>>();
    for (const { namespace, pod, container, sample } of reading.containers) {
      const key = keyOf(namespace, pod);
      const containers = pods.get(key) ?? new Map<string, Series>();
      containers.set(container, next(before?.get(key)?.get(container), sample));
      pods.set(key, containers);
    }
    this.#pods.set(node, pods);
  }

  /** A node cannot be read: what it said is nobody's use any more. */
  remove(node: string): void {
    this.#nodes.delete(node);
    this.#pods.delete(node);
  }

  /** Forgets the nodes that are not named. */
  keep(nodes: ReadonlySet<string>): void {
    for (const all of [this.#nodes, this.#pods]) {
      for (const node of all.keys()) if (!nodes.has(node)) all.delete(node);
    }
  }

  /** What a node uses; null: it is not known (yet). */
  node(name: string): Usage | null {
    const series = this.#nodes.get(name);
    return series === undefined ? null : usageOf(series, this.#resolutionMs);
  }

  /** What the containers of a pod use; null: it is not known of all of those that run. */
  pod(node: string, namespace: string, name: string): readonly ContainerUsage[] | null {
    const containers = this.#pods.get(node)?.get(keyOf(namespace, name));
    if (containers === undefined) return null;
    const all: ContainerUsage[] = [];
    for (const [container, series] of containers) {
      const usage = usageOf(series, this.#resolutionMs);
      if (usage === null) return null;
      all.push({ name: container, usage });
    }
    return all;
  }
}

function keyOf(namespace: string, pod: string): string {
  return `${namespace}/${pod}`;
}

function next(series: Series | undefined, sample: UsageSample): Series {
  if (series === undefined) return { last: sample, before: null };
  // The kubelet may give the same numbers twice.
  if (sample.atMs <= series.last.atMs) return series;
  return { last: sample, before: series.last };
}

/** Null: nothing can be said yet. */
function usageOf({ last, before }: Series, resolutionMs: number): Usage | null {
  const from = startOf(last, before, resolutionMs);
  if (from === null) return null;
  const windowMs = last.atMs - from.atMs;
  if (windowMs <= 0) return null;
  return {
    atMs: last.atMs,
    windowMs,
    cpuNanoCores: Math.round(((last.cpuNanoseconds - from.cpuNanoseconds) / windowMs) * 1000),
    memoryBytes: last.memoryBytes,
  };
}

/** From when on it is measured: the sample before, or its start where that is later. */
function startOf(last: UsageSample, before: UsageSample | null, resolutionMs: number) {
  const { startedAtMs } = last;
  // Counters that went back are those of something that was started anew.
  const isSame =
    before !== null &&
    before.cpuNanoseconds <= last.cpuNanoseconds &&
    (startedAtMs === null || startedAtMs <= before.atMs);
  if (isSame) return before;
  if (startedAtMs === null) return null;
  const ageMs = last.atMs - startedAtMs;
  if (ageMs < freshMsMin || ageMs > 2 * resolutionMs) return null;
  return { atMs: startedAtMs, cpuNanoseconds: 0 };
}
