import type { Taint } from '../../api/gen/core-v1.js';

/** How pods on simulated nodes behave, unless their annotations say otherwise. Times are milliseconds. */
export interface SimulatedPodSettings {
  /** From the node's taking a pod up to its containers' start; as long again for each init container's start. */
  readonly startMs: number;
  /** The part of `startMs` by which it varies either way: 0 to 1. */
  readonly startJitter: number;
  /** How long an init container runs. */
  readonly initMs: number;
  /** From a container's start until it is ready. */
  readonly readyMs: number;
  /** How long the containers of pods run whose restart policy is not Always. The others run on. */
  readonly runMs: number;
  /** From the deletion of a pod to the end of its containers; no longer than its grace period. */
  readonly stopMs: number;
  /** The part of the containers that end which ends with exit code 1: 0 to 1. */
  readonly failureRate: number;
  /** The pause before a container's second restart, doubling with each to `backoffMsMax`. The first restart comes at once. */
  readonly backoffMs: number;
  readonly backoffMsMax: number;
}

/** What simulated nodes are. */
export interface SimulatedNodeSettings {
  /** Amounts as the API writes them, by resource name: `cpu`, `memory`, `pods`, any other. */
  readonly capacity: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** Given out in turn, as `topology.kubernetes.io/zone`; none: the label is not set. */
  readonly zones: readonly string[];
  /** Of all nodes; null: every node has its own, of 172.16.0.0/12. */
  readonly ip: string | null;
  /** A lease is renewed four times in as long. Seconds. */
  readonly leaseSeconds: number;
  /** A status without news is written so often. */
  readonly statusMs: number;
}

/** A fleet of simulated nodes. */
export interface SimulatedFleetSettings {
  /** One name a node. */
  readonly names: readonly string[];
  /** The number of the first node: addresses are made of it. */
  readonly firstIndex: number;
  readonly node: SimulatedNodeSettings;
  readonly pod: SimulatedPodSettings;
  /** Whether pods' events are written. */
  readonly hasEvents: boolean;
  /** Requests under way at once, for pods and for nodes each. */
  readonly writers: number;
}

/** What nodes and pods are when nothing else is said. */
export const simulatedDefaults = {
  pod: {
    startMs: 500,
    startJitter: 0.2,
    initMs: 200,
    readyMs: 0,
    runMs: 5000,
    stopMs: 100,
    failureRate: 0,
    backoffMs: 10_000,
    backoffMsMax: 300_000,
  } satisfies SimulatedPodSettings,
  node: {
    capacity: { cpu: '32', memory: '256Gi', pods: '110', 'ephemeral-storage': '1Ti' },
    labels: {},
    taints: [],
    zones: [],
    ip: null,
    leaseSeconds: 40,
    statusMs: 300_000,
  } satisfies SimulatedNodeSettings,
  writers: 64,
} as const;

/** The names of `count` nodes: the pattern with `%d` replaced by the number, or `-NUMBER` behind it; alone, a node without `%d` has the pattern as its name. */
export function nodeNames(pattern: string, count: number, firstIndex: number): string[] {
  if (count === 1 && !pattern.includes('%d')) return [pattern];
  const full = pattern.includes('%d') ? pattern : `${pattern}-%d`;
  return Array.from({ length: count }, (_, at) => full.replace('%d', String(firstIndex + at)));
}
