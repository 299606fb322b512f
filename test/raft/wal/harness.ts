import { defined } from '../../../src/base/assert.js';
import type { Disk } from '../../../src/base/disk.js';
import { clusterId, memberId, noMember } from '../../../src/base/ids.js';
import type { Entry, HardState, SnapshotMeta } from '../../../src/raft/core/types.js';
import { type OpenedWal, type WalOptions, WriteAheadLogFile } from '../../../src/raft/wal/index.js';

export const cluster = clusterId(0xc1n);
export const member = memberId(0xa1n);
export const dir = 'member/wal';

/** A log with a memory of what it reported. */
export interface TestLog extends OpenedWal {
  readonly durable: number[];
  readonly failures: Error[];
  /** Appends, numbering by itself; returns the sequence. */
  append(write: {
    hardState?: HardState | null;
    entries?: readonly Entry[];
    snapshot?: SnapshotMeta | null;
    mayBlock?: boolean;
  }): number;
  /** Resolves when the sequence is durable or the log failed. */
  settled(sequence: number): Promise<void>;
}

export async function openLog(disk: Disk, options: Partial<WalOptions> = {}): Promise<TestLog> {
  const durable: number[] = [];
  const failures: Error[] = [];
  let waiters: { sequence: number; resolve: () => void }[] = [];
  const wake = () => {
    const isDone = (sequence: number) => (durable.at(-1) ?? 0) >= sequence || failures.length > 0;
    for (const { sequence, resolve } of waiters) if (isDone(sequence)) resolve();
    waiters = waiters.filter(({ sequence }) => !isDone(sequence));
  };
  const opened = await WriteAheadLogFile.open({
    disk,
    dir,
    clusterId: cluster,
    memberId: member,
    segmentBytes: 16 << 10,
    onDurable: (sequence) => {
      durable.push(sequence);
      wake();
    },
    onFailure: (error) => {
      failures.push(error);
      wake();
    },
    ...options,
  });
  let last = 0;
  return {
    ...opened,
    durable,
    failures,
    append({ hardState = null, entries = [], snapshot = null, mayBlock = false }) {
      opened.wal.append({ sequence: ++last, hardState, entries, snapshot, mayBlock });
      return last;
    },
    settled(sequence) {
      return new Promise((resolve) => {
        waiters.push({ sequence, resolve });
        wake();
      });
    },
  };
}

export function entry(index: number, term = 1, size = 8): Entry {
  const data = new Uint8Array(size).fill(index * 31 + term);
  return { index, term, kind: index % 5 === 0 ? 'config' : 'normal', data };
}

export function entries(first: number, last: number, term = 1, size = 8): Entry[] {
  return Array.from({ length: last - first + 1 }, (_, i) => entry(first + i, term, size));
}

export function hardState(term: number, commit = 0): HardState {
  return { term, vote: noMember, commit };
}

export function snapshot(index: number, term: number): SnapshotMeta {
  const conf = {
    voters: [member],
    votersOutgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
  };
  return { index, term, conf };
}

/** `index:term` of each entry, for comparing. */
export function shape(list: readonly Entry[]): string {
  return list.map(({ index, term }) => `${index}:${term}`).join(' ');
}

export function last<T>(list: readonly T[]): T {
  return defined(list.at(-1));
}
