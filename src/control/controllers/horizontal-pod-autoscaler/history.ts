import type { FullBehavior, Past } from './behavior.js';

/** How many replicas the metrics asked for at a time. */
export interface Recommendation {
  readonly replicas: number;
  /** Wall-clock milliseconds. */
  readonly atMs: number;
}

/** By how many replicas the target was changed at a time. */
export interface Change {
  readonly replicas: number;
  readonly atMs: number;
}

/** What an autoscaler remembers. Lost with the process: rules then count from its start. */
export class History implements Past {
  #recommendations: readonly Recommendation[] = [];
  #ups: readonly Change[] = [];
  #downs: readonly Change[] = [];

  get recommendations(): readonly Recommendation[] {
    return this.#recommendations;
  }

  get ups(): readonly Change[] {
    return this.#ups;
  }

  get downs(): readonly Change[] {
    return this.#downs;
  }

  /** What is there at first counts as recommended. */
  begin(replicas: number, nowMs: number): void {
    if (this.#recommendations.length === 0) this.#recommendations = [{ replicas, atMs: nowMs }];
  }

  /** Notes a recommendation; those older than `keptMs` are forgotten. */
  recommend(replicas: number, nowMs: number, keptMs: number): void {
    const kept = this.#recommendations.filter(({ atMs }) => atMs >= nowMs - keptMs);
    this.#recommendations = [...kept, { replicas, atMs: nowMs }];
  }

  /** Notes a change of the target; those that no policy looks at any more are forgotten. */
  change(from: number, to: number, nowMs: number, { scaleUp, scaleDown }: FullBehavior): void {
    const kept = (changes: readonly Change[], rules: FullBehavior['scaleUp']) => {
      const periodMs = Math.max(0, ...rules.policies.map((each) => each.periodSeconds ?? 0)) * 1000;
      return changes.filter(({ atMs }) => atMs >= nowMs - periodMs);
    };
    this.#ups = kept(this.#ups, scaleUp);
    this.#downs = kept(this.#downs, scaleDown);
    if (to > from) this.#ups = [...this.#ups, { replicas: to - from, atMs: nowMs }];
    if (to < from) this.#downs = [...this.#downs, { replicas: from - to, atMs: nowMs }];
  }
}
