import type { PluginStatus } from '../../framework/plugin.js';

/** Statuses of nodes that lack resources, each made once: there are many such nodes and few combinations. */
export class ShortageStatuses {
  readonly pods = 1;
  readonly cpu = 2;
  readonly memory = 4;
  readonly ephemeralStorage = 8;
  /** Invariant: as long as there are at most `knownMax`. */
  readonly #known = new Map<string, PluginStatus>();
  /** Of those without scalars, by their bits; the lower half of nodes that are full, the upper of nodes that are too small. */
  readonly #basic: PluginStatus[] = [];

  constructor() {
    for (let bits = 0; bits < 32; bits++) this.#basic.push(statusOf(bits & 15, [], bits >= 16));
  }

  /** `lacking`: a sum of the numbers above; `scalars`: names of other resources. */
  of(lacking: number, scalars: readonly string[] | null, isTooSmall: boolean): PluginStatus {
    const bits = lacking + (isTooSmall ? 16 : 0);
    if (scalars === null) return this.#basic[bits] as PluginStatus;
    const key = `${bits}/${scalars.join()}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const status = statusOf(lacking, scalars, isTooSmall);
    if (this.#known.size < knownMax) this.#known.set(key, status);
    return status;
  }
}

const knownMax = 1000;
const texts = [
  'Too many pods',
  'Insufficient cpu',
  'Insufficient memory',
  'Insufficient ephemeral-storage',
];

function statusOf(lacking: number, scalars: readonly string[], isTooSmall: boolean): PluginStatus {
  return {
    // Nobody who leaves makes a node large enough.
    code: isTooSmall ? 'unresolvable' : 'unschedulable',
    reasons: [
      ...texts.filter((_, bit) => (lacking & (1 << bit)) !== 0),
      ...scalars.map((name) => `Insufficient ${name}`),
    ],
  };
}
