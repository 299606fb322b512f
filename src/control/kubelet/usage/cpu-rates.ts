/** CPU time at a time. */
interface CpuSample {
  readonly atMs: number;
  readonly nanoseconds: number;
  /** Billionths of a core that were used before it; null: it is the first. */
  readonly nanoCores: number | null;
}

/** Over less time nothing can be said. */
const intervalMsMin = 1000;

/** How many cores are used, by what was used when somebody asked last. */
export class CpuRates {
  #samples: ReadonlyMap<string, CpuSample> = new Map();

  /** Billionths of a core that each has used since it was asked for last, by its key; null: it was not. Those that are not named are forgotten. */
  update(
    totals: ReadonlyMap<string, { readonly atMs: number; readonly nanoseconds: number }>,
  ): ReadonlyMap<string, number | null> {
    const samples = new Map<string, CpuSample>();
    for (const [key, now] of totals) samples.set(key, after(this.#samples.get(key), now));
    this.#samples = samples;
    return new Map([...samples].map(([key, { nanoCores }]) => [key, nanoCores]));
  }
}

function after(
  before: CpuSample | undefined,
  now: { readonly atMs: number; readonly nanoseconds: number },
): CpuSample {
  if (before === undefined || now.nanoseconds < before.nanoseconds) {
    return { ...now, nanoCores: null };
  }
  const elapsedMs = now.atMs - before.atMs;
  if (elapsedMs < intervalMsMin) return before;
  const used = now.nanoseconds - before.nanoseconds;
  return { ...now, nanoCores: Math.round((used / elapsedMs) * 1000) };
}
