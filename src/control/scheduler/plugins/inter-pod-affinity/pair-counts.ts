import { weigh } from './term-index.js';

interface Topology {
  readonly key: string;
  /** Counts by the label's value, which are added up. Shared; not changed here. */
  readonly sources: readonly ReadonlyMap<string, number>[];
  /** What is supposed besides them; null for nothing. */
  readonly supposed: Map<string, number> | null;
}

/** Counts by topology label and value: of what is known, and of pods that are supposed to be there or to be gone. */
export class PairCounts {
  #topologies: Topology[];

  constructor(topologies: Topology[] = []) {
    this.#topologies = topologies;
  }

  /** Counts that are known, by topology label; several of one label are added up. */
  static of(
    known: Iterable<{ readonly topologyKey: string; readonly counts: ReadonlyMap<string, number> }>,
  ): PairCounts {
    const sources = new Map<string, ReadonlyMap<string, number>[]>();
    for (const { topologyKey, counts } of known) {
      const list = sources.get(topologyKey);
      if (list === undefined) sources.set(topologyKey, [counts]);
      else list.push(counts);
    }
    return new PairCounts(
      [...sources].map(([key, list]) => ({ key, sources: list, supposed: null })),
    );
  }

  clone(): PairCounts {
    return new PairCounts(
      this.#topologies.map((topology) => ({
        ...topology,
        supposed: topology.supposed === null ? null : new Map(topology.supposed),
      })),
    );
  }

  /** The topology labels that anything is counted by. */
  get topologies(): readonly Pick<Topology, 'key'>[] {
    return this.#topologies;
  }

  get(topologyKey: string, value: string): number {
    for (const topology of this.#topologies) {
      if (topology.key === topologyKey) return countOf(topology, value);
    }
    return 0;
  }

  /** Supposes more, or less. */
  suppose(topologyKey: string, value: string, change: number): void {
    const at = this.#topologies.findIndex(({ key }) => key === topologyKey);
    const topology = this.#topologies[at] ?? { key: topologyKey, sources: [], supposed: null };
    const supposed = topology.supposed ?? new Map<string, number>();
    weigh(supposed, value, change);
    const changed = { ...topology, supposed };
    if (at < 0) this.#topologies = [...this.#topologies, changed];
    else this.#topologies[at] = changed;
  }

  /** Nothing is counted anywhere. */
  get isEmpty(): boolean {
    return this.#topologies.every(({ sources, supposed }) => {
      const values = new Set<string>(supposed?.keys());
      for (const source of sources) {
        if (supposed === null || source.size > values.size) {
          if (source.size > 0) return false;
          continue;
        }
        for (const value of source.keys()) values.add(value);
      }
      const topology = { key: '', sources, supposed };
      for (const value of values) if (countOf(topology, value) !== 0) return false;
      return true;
    });
  }
}

function countOf({ sources, supposed }: Topology, value: string): number {
  let count = supposed?.get(value) ?? 0;
  for (const source of sources) count += source.get(value) ?? 0;
  return count;
}
