import type { Node, Pod } from '../../src/control/api/gen/core-v1.js';
import { nodeOf, podOf } from '../../test/control/scheduler/objects.js';

/** A load of Kubernetes' scheduler_perf. */
export interface Load {
  readonly name: string;
  /** Pods a second that Kubernetes' own runs must reach. */
  readonly threshold: number;
  readonly node: (i: number) => Node;
  /** Placed before what is measured. */
  readonly initialPods: number;
  /** Default: as those that are measured. */
  readonly initialPod?: (i: number) => Pod;
  readonly pods: number;
  readonly pod: (i: number) => Pod;
}

const zoneLabel = 'topology.kubernetes.io/zone';
const hostLabel = 'kubernetes.io/hostname';

const plainNode = (i: number) => nodeOf(`node-${i}`);
const zoneNode = (zones: readonly string[]) => (i: number) =>
  nodeOf(`node-${i}`, { labels: { [zoneLabel]: zones[i % zones.length] ?? '' } });

function pod(kind: string, i: number, about: Parameters<typeof podOf>[1] = {}): Pod {
  const { metadata, ...rest } = about;
  return podOf(`${kind}-${i}`, { metadata: { namespace: 'sched-1', ...metadata }, ...rest });
}

function affinityTo(color: string, topologyKey: string) {
  return [
    {
      labelSelector: { matchLabels: { color } },
      topologyKey,
      namespaces: ['sched-1', 'sched-0'],
    },
  ];
}

/** The loads, with the sizes of the large runs. */
export const loads: readonly Load[] = [
  {
    ...{ name: 'basic', threshold: 680, node: plainNode, initialPods: 1000, pods: 10_000 },
    pod: (i) => pod('basic', i),
  },
  {
    ...{ name: 'basic-50k', threshold: 810, node: plainNode, initialPods: 1000, pods: 50_000 },
    pod: (i) => pod('basic', i),
  },
  {
    ...{ name: 'node-affinity', threshold: 220, initialPods: 5000, pods: 10_000 },
    node: zoneNode(['zone1']),
    pod: (i) =>
      pod('node-affinity', i, {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                {
                  matchExpressions: [
                    { key: zoneLabel, operator: 'In', values: ['zone1', 'zone2'] },
                  ],
                },
              ],
            },
          },
        },
      }),
  },
  {
    ...{ name: 'topology-spread', threshold: 460, initialPods: 5000, pods: 5000 },
    node: zoneNode(['moon-1', 'moon-2', 'moon-3']),
    initialPod: (i) => pod('plain', i),
    pod: (i) =>
      pod('spread', i, {
        metadata: { labels: { color: 'blue' } },
        topologySpreadConstraints: [
          {
            ...{ maxSkew: 5, topologyKey: zoneLabel, whenUnsatisfiable: 'DoNotSchedule' },
            labelSelector: { matchLabels: { color: 'blue' } },
          },
        ],
      }),
  },
  {
    ...{ name: 'pod-affinity', threshold: 35, initialPods: 5000, pods: 5000 },
    node: zoneNode(['zone1']),
    pod: (i) =>
      pod('affinity', i, {
        metadata: { labels: { color: 'blue' } },
        affinity: {
          podAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: affinityTo('blue', zoneLabel),
          },
        },
      }),
  },
  {
    ...{ name: 'pod-anti-affinity', threshold: 60, initialPods: 1000, pods: 2000 },
    node: plainNode,
    pod: (i) =>
      pod('anti-affinity', i, {
        metadata: { labels: { color: 'green' } },
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: affinityTo('green', hostLabel),
          },
        },
      }),
  },
  {
    ...{ name: 'preemption', threshold: 570, node: plainNode, initialPods: 20_000, pods: 5000 },
    initialPod: (i) =>
      pod('low', i, {
        ...{ priority: -10, terminationGracePeriodSeconds: 0 },
        requests: { cpu: '900m', memory: '500Mi' },
      }),
    pod: (i) => pod('high', i, { priority: 10, requests: { cpu: '3', memory: '500Mi' } }),
  },
];
