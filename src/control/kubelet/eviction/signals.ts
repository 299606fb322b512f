import type { NodeUsage } from '../kubelet-view.js';
import { thresholdAmount } from '../node/amounts.js';
import type { Amounts } from '../settings.js';

/** What a signal tells of: the condition of the node, and what is scarce. */
export interface SignalRow {
  readonly signal: string;
  readonly condition: 'MemoryPressure' | 'DiskPressure' | 'PIDPressure';
  readonly resource: 'memory' | 'ephemeral-storage' | 'pids' | 'inodes';
  readonly of: (usage: NodeUsage) => { readonly available: number; readonly total: number };
}

/** The signals of eviction. */
export const signalRows: readonly SignalRow[] = [
  {
    signal: 'memory.available',
    condition: 'MemoryPressure',
    resource: 'memory',
    of: (usage) => ({ available: usage.memoryAvailableBytes, total: usage.memoryTotalBytes }),
  },
  {
    signal: 'nodefs.available',
    condition: 'DiskPressure',
    resource: 'ephemeral-storage',
    of: ({ fileSystem }) => ({
      available: fileSystem.availableBytes,
      total: fileSystem.capacityBytes,
    }),
  },
  {
    signal: 'nodefs.inodesFree',
    condition: 'DiskPressure',
    resource: 'inodes',
    of: ({ fileSystem }) => ({ available: fileSystem.inodesFree, total: fileSystem.inodes }),
  },
  {
    signal: 'imagefs.available',
    condition: 'DiskPressure',
    resource: 'ephemeral-storage',
    of: ({ imageFileSystem }) => ({
      available: imageFileSystem.availableBytes,
      total: imageFileSystem.capacityBytes,
    }),
  },
  {
    signal: 'imagefs.inodesFree',
    condition: 'DiskPressure',
    resource: 'inodes',
    of: ({ imageFileSystem }) => ({
      available: imageFileSystem.inodesFree,
      total: imageFileSystem.inodes,
    }),
  },
  {
    signal: 'pid.available',
    condition: 'PIDPressure',
    resource: 'pids',
    of: ({ processes }) => ({ available: processes.max - processes.count, total: processes.max }),
  },
];

/** A threshold that is crossed. */
export interface Crossing {
  readonly row: SignalRow;
  readonly available: number;
  readonly threshold: number;
}

/** The thresholds that are crossed. File systems without a count of inodes have no shortage of them. Pure. */
export function crossings(thresholds: Amounts, usage: NodeUsage): readonly Crossing[] {
  return signalRows.flatMap((row) => {
    const text = thresholds[row.signal];
    if (text === undefined) return [];
    const { available, total } = row.of(usage);
    const threshold = thresholdAmount(text, total);
    return total > 0 && available < threshold ? [{ row, available, threshold }] : [];
  });
}
