import { Quantity } from '../../../machinery/quantity.js';
import type { Container, Pod } from '../../gen/core-v1.js';

type Amounts = Record<string, string>;

/**
 * What a pod asks for as a whole: containers run together with the init containers that stay, init containers that end run one after
 * the other, and the overhead of the runtime comes on top. What the pod itself states as its resources counts before its containers.
 */
export function podRequests(pod: Pod): Amounts {
  return podAmounts(pod, 'requests');
}

/** The same of limits; the overhead counts only where there is a limit. */
export function podLimits(pod: Pod): Amounts {
  return podAmounts(pod, 'limits');
}

function podAmounts({ spec }: Pod, field: 'requests' | 'limits'): Amounts {
  const amountsOf = ({ resources }: Container): Amounts => resources?.[field] ?? {};
  let total: Amounts = {};
  for (const container of spec?.containers ?? []) total = sum(total, amountsOf(container));
  let peak: Amounts = {};
  let staying: Amounts = {};
  for (const container of spec?.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      total = sum(total, amountsOf(container));
      staying = sum(staying, amountsOf(container));
      peak = larger(peak, staying);
    } else {
      peak = larger(peak, sum(staying, amountsOf(container)));
    }
  }
  const needed = { ...larger(total, peak), ...spec?.resources?.[field] };
  return withOverhead(needed, spec?.overhead ?? {}, field);
}

function withOverhead(amounts: Amounts, overhead: Amounts, field: 'requests' | 'limits'): Amounts {
  const result = { ...amounts };
  for (const [name, amount] of Object.entries(overhead)) {
    const current = result[name];
    if (current === undefined && field === 'limits') continue;
    result[name] = add(current, amount);
  }
  return result;
}

/** Amounts of both, added where both have one. */
export function sum(a: Readonly<Amounts>, b: Readonly<Amounts>): Amounts {
  const result = { ...a };
  for (const [name, amount] of Object.entries(b)) result[name] = add(result[name], amount);
  return result;
}

function larger(a: Amounts, b: Amounts): Amounts {
  const result = { ...a };
  for (const [name, amount] of Object.entries(b)) {
    const current = result[name];
    if (current === undefined || Quantity.parse(amount).compare(Quantity.parse(current)) > 0)
      result[name] = amount;
  }
  return result;
}

function add(a: string | undefined, b: string): string {
  return a === undefined ? b : Quantity.parse(a).add(Quantity.parse(b)).toString();
}
