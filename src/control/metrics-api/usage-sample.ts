/** What something had used, and uses, at a time. */
export interface UsageSample {
  readonly atMs: number;
  /** CPU time since its start. */
  readonly cpuNanoseconds: number;
  readonly memoryBytes: number;
  /** When it was started; null: not known. */
  readonly startedAtMs: number | null;
}

/** What a kubelet says of its node. */
export interface NodeReading {
  /** Null: it did not say. */
  readonly node: UsageSample | null;
  readonly containers: readonly ContainerReading[];
}

/** What a kubelet says of a container. */
export interface ContainerReading {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly sample: UsageSample;
}
