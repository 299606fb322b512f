/** What a load asks of the store. */
export type LoadKind = 'put' | 'range' | 'watch';

/** One load of the benchmark: a closed loop, `connections` times `inFlight` requests at a time in each worker. */
export interface Load {
  readonly name: string;
  readonly kind: LoadKind;
  readonly workers: number;
  readonly connections: number;
  readonly inFlight: number;
  /** Reads of the member's own state, without asking for a quorum. */
  readonly serializable?: boolean;
  /** For `watch`: watchers in each worker; the requests are puts that all of them see. */
  readonly watchers?: number;
}

/** Bytes of every value. */
export const valueBytes = 256;
/** Keys that puts go to and ranges read. */
export const keyCount = 1000;

/** All loads, in the order in which they run. */
export const loads: readonly Load[] = [
  { name: 'put 256 B', kind: 'put', workers: 2, connections: 8, inFlight: 16 },
  { name: 'range, linearizable', kind: 'range', workers: 2, connections: 8, inFlight: 16 },
  {
    name: 'range, serializable',
    kind: 'range',
    workers: 2,
    connections: 8,
    inFlight: 16,
    serializable: true,
  },
  {
    name: 'watch, events to 50 watchers',
    kind: 'watch',
    workers: 1,
    connections: 5,
    inFlight: 4,
    watchers: 50,
  },
  { name: 'put 256 B, one client', kind: 'put', workers: 1, connections: 1, inFlight: 1 },
];

/** The key with this number. */
export function keyOf(number: number): Buffer {
  return Buffer.from(`bench/${String(number % keyCount).padStart(6, '0')}`);
}
