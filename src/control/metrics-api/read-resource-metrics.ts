import type { ContainerReading, NodeReading, UsageSample } from './usage-sample.js';

/** The numbers that are read of `/metrics/resource`. */
const names = {
  nodeCpu: 'node_cpu_usage_seconds_total',
  nodeMemory: 'node_memory_working_set_bytes',
  containerCpu: 'container_cpu_usage_seconds_total',
  containerMemory: 'container_memory_working_set_bytes',
  containerStart: 'container_start_time_seconds',
} as const;

/** One line of Prometheus' text format. */
interface Line {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
  readonly atMs: number;
}

/** Reads a kubelet's `/metrics/resource`. What has not both CPU and memory is left out. `nowMs` is the time of numbers without one. */
export function readResourceMetrics(text: string, nowMs: number): NodeReading {
  const node: Draft = {};
  const containers = new Map<string, Draft & { readonly labels: Line['labels'] }>();
  for (const lineText of text.split('\n')) {
    const line = parseLine(lineText, nowMs);
    if (line === null) continue;
    const { name, labels } = line;
    if (name === names.nodeCpu || name === names.nodeMemory) {
      put(node, line);
      continue;
    }
    const key = [labels.get('namespace'), labels.get('pod'), labels.get('container')].join('/');
    const draft = containers.get(key) ?? { labels };
    containers.set(key, draft);
    put(draft, line);
  }
  return {
    node: sampleOf(node),
    containers: [...containers.values()].flatMap((draft) => readingOf(draft)),
  };
}

interface Draft {
  cpu?: Line;
  memory?: Line;
  startedAtMs?: number;
}

function put(draft: Draft, line: Line): void {
  if (line.name === names.containerStart) draft.startedAtMs = line.value * 1000;
  else if (line.name === names.nodeCpu || line.name === names.containerCpu) draft.cpu = line;
  else draft.memory = line;
}

function sampleOf({ cpu, memory, startedAtMs }: Draft): UsageSample | null {
  if (cpu === undefined || memory === undefined) return null;
  return {
    atMs: cpu.atMs,
    cpuNanoseconds: Math.round(cpu.value * 1e9),
    memoryBytes: memory.value,
    startedAtMs: startedAtMs ?? null,
  };
}

function readingOf(draft: Draft & { readonly labels: Line['labels'] }): ContainerReading[] {
  const sample = sampleOf(draft);
  const [namespace, pod, container] = ['namespace', 'pod', 'container'].map((name) =>
    draft.labels.get(name),
  );
  if (sample === null || namespace === undefined || pod === undefined || container === undefined) {
    return [];
  }
  return [{ namespace, pod, container, sample }];
}

const known: ReadonlySet<string> = new Set(Object.values(names));
const form = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+([^\s{}]+)(?:\s+(-?\d+))?\s*$/;

/** Null: no number that is read. */
function parseLine(text: string, nowMs: number): Line | null {
  const [, name = '', labels = '', valueText = '', time] = form.exec(text) ?? [];
  if (!known.has(name)) return null;
  const value = Number(valueText);
  if (!Number.isFinite(value) || value < 0) return null;
  return { name, labels: labelsOf(labels), value, atMs: time === undefined ? nowMs : Number(time) };
}

function labelsOf(text: string): ReadonlyMap<string, string> {
  const pairs = text.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g);
  return new Map([...pairs].map(([, name = '', value = '']) => [name, unescaped(value)]));
}

function unescaped(value: string): string {
  return value.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
