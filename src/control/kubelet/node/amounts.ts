import type { MachineIdentity } from '../../../host/machine.js';
import { Quantity } from '../../machinery/quantity.js';
import type { Amounts, KubeletSettings } from '../settings.js';

/** What a node has, and what of it is for pods. */
export interface NodeAmounts {
  readonly capacity: Amounts;
  readonly allocatable: Amounts;
}

/** What a machine has to give, less what is kept for the system, for Kubernetes and for bad times. Pure. */
export function nodeAmounts(
  { cpus, memoryBytes }: MachineIdentity,
  storageBytes: number,
  settings: Pick<KubeletSettings, 'podsMax' | 'systemReserved' | 'kubeReserved' | 'evictionHard'>,
): NodeAmounts {
  const capacity = {
    cpu: String(cpus),
    'ephemeral-storage': kibibytes(storageBytes),
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    memory: kibibytes(memoryBytes),
    pods: String(settings.podsMax),
  };
  const kept = [
    settings.systemReserved,
    settings.kubeReserved,
    keptFree(settings.evictionHard, {
      memory: memoryBytes,
      'ephemeral-storage': storageBytes,
    }),
  ];
  const allocatable: Record<string, string> = {};
  for (const [name, amount] of Object.entries(capacity)) {
    let left = Quantity.parse(amount);
    for (const reserved of kept) {
      const own = reserved[name];
      if (own !== undefined) left = left.sub(Quantity.parse(own));
    }
    const isStorage = name === 'ephemeral-storage';
    const positive = left.sign < 0 ? Quantity.zero : left;
    allocatable[name] = isStorage ? positive.value().toString() : positive.toCanonical();
  }
  return { capacity, allocatable };
}

/** What thresholds of eviction keep free of each resource. */
function keptFree(thresholds: Amounts, totals: Readonly<Record<string, number>>): Amounts {
  const signals = { memory: 'memory.available', 'ephemeral-storage': 'nodefs.available' } as const;
  const kept: Record<string, string> = {};
  for (const [name, signal] of Object.entries(signals)) {
    const threshold = thresholds[signal];
    if (threshold === undefined) continue;
    kept[name] = String(thresholdAmount(threshold, totals[name] ?? 0));
  }
  return kept;
}

/** An amount, or a part of a whole written as `10%`, as a number. */
export function thresholdAmount(text: string, total: number): number {
  if (text.endsWith('%')) return Math.floor((Number(text.slice(0, -1)) / 100) * total);
  return Number(Quantity.parse(text).value());
}

function kibibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024)}Ki`;
}
