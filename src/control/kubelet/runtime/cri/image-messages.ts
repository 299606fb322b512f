import type { AuthConfigInit, ContainerStats, Image } from '../../../../wire/gen/runtime.js';
import type { ImageAuth, ImageState, ContainerStats as Stats } from '../container-runtime.js';
import { millisecondsOf } from './map-entries.js';

/** What the runtime says of an image. */
export function imageStateOf(image: Image): ImageState {
  return {
    ref: image.id,
    tags: image.repoTags,
    digests: image.repoDigests,
    sizeBytes: image.size,
    user: { uid: image.uid?.value ?? null, name: image.username },
    isPinned: image.pinned,
  };
}

/** A registry's login as the interface has it. */
export function authMessage({ username, password, registryToken }: ImageAuth): AuthConfigInit {
  return { username, password, registryToken };
}

/** What the runtime counted for a container; null: nothing yet. */
export function containerStatsOf(stats: ContainerStats): Stats | null {
  const { attributes, cpu, memory, writableLayer } = stats;
  if (attributes === undefined || (cpu === undefined && memory === undefined)) return null;
  const count = (value: { readonly value: bigint } | undefined) => Number(value?.value ?? 0n);
  return {
    containerId: attributes.id,
    timestampMs: millisecondsOf(cpu?.timestamp ?? memory?.timestamp ?? 0n),
    cpuNanoseconds: count(cpu?.usageCoreNanoSeconds),
    memoryUsageBytes: count(memory?.usageBytes),
    memoryWorkingSetBytes: count(memory?.workingSetBytes),
    memoryRssBytes: count(memory?.rssBytes),
    rootfsUsedBytes: count(writableLayer?.usedBytes),
    rootfsUsedInodes: count(writableLayer?.inodesUsed),
  };
}
