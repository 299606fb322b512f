import type { JsonObject } from '../../machinery/json.js';
import { formatTime } from '../../machinery/time.js';
import type { FileSystemUsage, NodeUsage, VolumeUsage } from '../kubelet-view.js';
import type { ContainerStats } from '../runtime/container-runtime.js';
import type { ContainerSnapshot, NodeSnapshot, PodSnapshot } from './node-snapshot.js';
import { sumOf } from './node-snapshot.js';

/** What a summary says beyond a snapshot. */
export interface SummaryFacts {
  readonly nodeName: string;
  /** Billionths of cores in use, by the id of a container, and under '' of the node. */
  readonly nanoCores: ReadonlyMap<string, number | null>;
  /** By the uid of a pod; empty where only CPU and memory are wanted. */
  readonly volumes: ReadonlyMap<string, readonly VolumeUsage[]>;
  readonly isOnlyCpuAndMemory: boolean;
}

/** `/stats/summary` (kubelet's stats/v1alpha1): what a node, its pods and their containers use. */
export function statsSummary({ usage, pods }: NodeSnapshot, facts: SummaryFacts): JsonObject {
  return {
    node: nodeStats(usage, facts),
    pods: pods.map((each) => podStats(each, facts)),
  };
}

function nodeStats(usage: NodeUsage, facts: SummaryFacts): JsonObject {
  const time = formatTime(usage.timestampMs);
  const basics: JsonObject = {
    nodeName: facts.nodeName,
    startTime: formatTime(usage.startedAtMs),
    cpu: cpuStats(time, usage.cpuNanoseconds, facts.nanoCores.get('') ?? null),
    memory: {
      time,
      availableBytes: usage.memoryAvailableBytes,
      usageBytes: usage.memoryUsageBytes,
      workingSetBytes: usage.memoryWorkingSetBytes,
      rssBytes: usage.memoryRssBytes,
      pageFaults: usage.pageFaults,
      majorPageFaults: usage.majorPageFaults,
    },
  };
  if (facts.isOnlyCpuAndMemory) return basics;
  const imageFs = fileSystemStats(time, usage.imageFileSystem);
  return {
    ...basics,
    network: networkStats(time, usage),
    fs: fileSystemStats(time, usage.fileSystem),
    runtime: { imageFs, containerFs: imageFs },
    rlimit: { time, maxpid: usage.processes.max, curproc: usage.processes.count },
  };
}

function networkStats(time: string, { interfaces }: NodeUsage): JsonObject {
  const all = interfaces.map((each) => ({
    name: each.name,
    rxBytes: each.receivedBytes,
    rxErrors: each.receiveErrors,
    txBytes: each.sentBytes,
    txErrors: each.sendErrors,
  }));
  // The one that counts as the node's is the busiest that leads out of it.
  const [main] = all
    .filter(({ name }) => name !== 'lo')
    .sort((a, b) => b.rxBytes + b.txBytes - a.rxBytes - a.txBytes);
  return { time, ...(main ?? { name: '' }), interfaces: all };
}

function podStats(snapshot: PodSnapshot, facts: SummaryFacts): JsonObject {
  const { metadata, status } = snapshot.pod;
  const { name = '', namespace = '', uid = '' } = metadata;
  const time = formatTime(Math.max(...snapshot.containers.map(({ stats }) => stats.timestampMs)));
  const rates = snapshot.containers.map(({ stats }) => facts.nanoCores.get(stats.containerId));
  const known = rates.filter((rate): rate is number => typeof rate === 'number');
  const nanoCores = known.length === 0 ? null : known.reduce((sum, rate) => sum + rate, 0);
  const sum = (amount: (stats: ContainerStats) => number) => sumOf(snapshot, amount);
  const basics: JsonObject = {
    podRef: { name, namespace, uid },
    startTime: status?.startTime ?? time,
    containers: snapshot.containers.map((each) => containerStats(each, facts)),
    cpu: cpuStats(
      time,
      sum(({ cpuNanoseconds }) => cpuNanoseconds),
      nanoCores,
    ),
    memory: {
      time,
      usageBytes: sum(({ memoryUsageBytes }) => memoryUsageBytes),
      workingSetBytes: sum(({ memoryWorkingSetBytes }) => memoryWorkingSetBytes),
      rssBytes: sum(({ memoryRssBytes }) => memoryRssBytes),
    },
  };
  if (facts.isOnlyCpuAndMemory) return basics;
  const volumes = facts.volumes.get(uid) ?? [];
  const ephemeral = volumes.filter(({ claim }) => claim === null);
  return {
    ...basics,
    volume: volumes.map(({ name: volume, claim, ...space }) => ({
      ...fileSystemStats(time, space),
      name: volume,
      ...(claim === null ? {} : { pvcRef: { ...claim } }),
    })),
    'ephemeral-storage': {
      time,
      usedBytes:
        sum(({ rootfsUsedBytes }) => rootfsUsedBytes) +
        ephemeral.reduce((bytes, { usedBytes }) => bytes + usedBytes, 0),
    },
  };
}

function containerStats(
  { name, state, stats }: ContainerSnapshot,
  { nanoCores, isOnlyCpuAndMemory }: SummaryFacts,
): JsonObject {
  const time = formatTime(stats.timestampMs);
  return {
    name,
    startTime: formatTime(state.startedAtMs),
    cpu: cpuStats(time, stats.cpuNanoseconds, nanoCores.get(stats.containerId) ?? null),
    memory: {
      time,
      usageBytes: stats.memoryUsageBytes,
      workingSetBytes: stats.memoryWorkingSetBytes,
      rssBytes: stats.memoryRssBytes,
    },
    ...(isOnlyCpuAndMemory
      ? {}
      : {
          rootfs: {
            time,
            usedBytes: stats.rootfsUsedBytes,
            inodesUsed: stats.rootfsUsedInodes,
          },
        }),
  };
}

function cpuStats(time: string, nanoseconds: number, nanoCores: number | null): JsonObject {
  return {
    time,
    ...(nanoCores === null ? {} : { usageNanoCores: nanoCores }),
    usageCoreNanoSeconds: nanoseconds,
  };
}

function fileSystemStats(time: string, space: FileSystemUsage): JsonObject {
  const { availableBytes, capacityBytes, usedBytes, inodes, inodesFree } = space;
  return {
    ...{ time, availableBytes, capacityBytes, usedBytes, inodes, inodesFree },
    inodesUsed: inodes - inodesFree,
  };
}
