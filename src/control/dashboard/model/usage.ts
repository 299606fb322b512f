/** What nodes or containers use. */
export interface Usage {
  readonly name: string;
  /** Thousandths of a processor. */
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

interface Amounts {
  readonly cpu?: string;
  readonly memory?: string;
}

/** Reads a NodeMetricsList of metrics.k8s.io, ordered by name. */
export function nodeUsages(document: unknown): readonly Usage[] {
  const { items = [] } = document as {
    readonly items?: readonly { readonly metadata?: { readonly name?: string }; usage?: Amounts }[];
  };
  return items
    .map(({ metadata, usage }) => usageOf(metadata?.name ?? '', usage))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Reads a PodMetrics of metrics.k8s.io. */
export function containerUsages(document: unknown): readonly Usage[] {
  const { containers = [] } = document as {
    readonly containers?: readonly { readonly name?: string; readonly usage?: Amounts }[];
  };
  return containers.map(({ name = '', usage }) => usageOf(name, usage));
}

function usageOf(name: string, { cpu = '0', memory = '0' }: Amounts = {}): Usage {
  return { name, cpuMillis: Math.round(amount(cpu) * 1000), memoryBytes: amount(memory) };
}

const factors: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 },
};

/** A quantity of the API as a number; 0 for what is none. */
function amount(text: string): number {
  const [, digits = '', suffix = ''] = /^(\d+(?:\.\d+)?)([numkMGT]|[KMGT]i)?$/.exec(text) ?? [];
  return Number(digits) * (factors[suffix] ?? 0);
}
