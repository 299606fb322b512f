import type { Quantity } from '../../../machinery/quantity.js';
import type { Container, PodSpec } from '../../gen/core-v1.js';
import { addAmounts, maxAmounts } from '../amounts.js';
import { isSidecar } from './containers.js';

/** Amounts of each resource. */
export type Amounts = ReadonlyMap<string, Quantity>;

/**
 * What the containers of a pod need together. Regular containers and sidecars run at the same time; init containers run before
 * them one by one, each beside the sidecars that were started before it. The most that is needed at any time counts.
 */
export function aggregateAmounts(spec: PodSpec, kind: 'requests' | 'limits'): Amounts {
  const running = new Map<string, Quantity>();
  const sidecars = new Map<string, Quantity>();
  const starting = new Map<string, Quantity>();
  for (const container of spec.containers ?? []) addAmounts(running, amounts(container, kind));
  for (const container of spec.initContainers ?? []) {
    const needed = amounts(container, kind);
    if (isSidecar(container)) {
      addAmounts(running, needed);
      addAmounts(sidecars, needed);
      maxAmounts(starting, sidecars);
    } else {
      const now = new Map(sidecars);
      addAmounts(now, needed);
      maxAmounts(starting, now);
    }
  }
  maxAmounts(running, starting);
  return running;
}

function amounts(
  container: Container,
  kind: 'requests' | 'limits',
): Readonly<Record<string, string>> {
  return container.resources?.[kind] ?? {};
}
