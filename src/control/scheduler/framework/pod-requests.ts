import type { Container, ContainerStatus, Pod } from '../../api/gen/core-v1.js';
import { amountOf, noAmounts, setAmount } from './amounts.js';
import type { ResourceAmounts } from './node-info.js';

/** What scores count for a container that asks for nothing, as Kubernetes has it. */
const milliCpuDefault = 100;
const memoryBytesDefault = 200 * 2 ** 20;

/** What a pod takes of its node. */
export interface PodRequests {
  /** `pods` is 1. */
  readonly requests: ResourceAmounts;
  readonly nonZeroMilliCpu: number;
  readonly nonZeroMemoryBytes: number;
}

/** Amounts by resource name, in the units of ResourceAmounts. */
type Amounts = Map<string, number>;

/**
 * What scheduling counts of a pod: containers and sidecars together, init containers one after the other, overhead on top, what the pod
 * states as a whole in place of what its containers do. While a container is being resized, the larger of what it has and what it
 * wants counts.
 */
export function podRequestsOf(pod: Pod): PodRequests {
  const requests = noAmounts();
  for (const [name, value] of totals(pod, noDefaults)) setAmount(requests, name, value);
  requests.pods = 1;
  const stated = pod.spec?.resources?.requests ?? {};
  const defaults: Amounts = new Map();
  if (stated.cpu === undefined) defaults.set('cpu', milliCpuDefault);
  if (stated.memory === undefined) defaults.set('memory', memoryBytesDefault);
  const nonZero = totals(pod, defaults);
  return {
    requests,
    nonZeroMilliCpu: nonZero.get('cpu') ?? 0,
    nonZeroMemoryBytes: nonZero.get('memory') ?? 0,
  };
}

const noDefaults: Amounts = new Map();

function totals({ spec, status }: Pod, defaults: Amounts): Amounts {
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const isInfeasible = isResizeInfeasible(status?.conditions);
  const of = (container: Container) => {
    const own = statuses.find(({ name }) => name === container.name);
    return containerAmounts(container, own, isInfeasible, defaults);
  };
  const total: Amounts = new Map();
  for (const container of spec?.containers ?? []) add(total, of(container));
  const peak: Amounts = new Map();
  const staying: Amounts = new Map();
  for (const container of spec?.initContainers ?? []) {
    const amounts = of(container);
    if (container.restartPolicy === 'Always') {
      add(total, amounts);
      add(staying, amounts);
      raise(peak, staying);
    } else {
      add(amounts, staying);
      raise(peak, amounts);
    }
  }
  raise(total, peak);
  for (const [name, text] of Object.entries(spec?.resources?.requests ?? {}))
    total.set(name, amountOf(name, String(text)));
  for (const [name, text] of Object.entries(spec?.overhead ?? {}))
    total.set(name, (total.get(name) ?? 0) + amountOf(name, String(text)));
  return total;
}

/** What a resize wants can never be had on the node. */
export function isResizeInfeasible(
  conditions: readonly { readonly type?: string; readonly reason?: string }[] | undefined,
): boolean {
  return (
    conditions?.some(
      ({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible',
    ) ?? false
  );
}

function containerAmounts(
  { resources }: Container,
  status: ContainerStatus | undefined,
  isInfeasible: boolean,
  defaults: Amounts,
): Amounts {
  const amounts: Amounts = new Map();
  const has = [status?.resources?.requests, status?.allocatedResources];
  const isResizable = has.some((each) => each !== undefined);
  // What can never be had is not counted.
  const wants = isInfeasible && isResizable ? [] : [resources?.requests];
  for (const texts of [...wants, ...has]) {
    for (const [name, text] of Object.entries(texts ?? {})) {
      const value = amountOf(name, String(text));
      amounts.set(name, Math.max(amounts.get(name) ?? 0, value));
    }
  }
  for (const [name, value] of defaults) if (!amounts.has(name)) amounts.set(name, value);
  return amounts;
}

function add(amounts: Amounts, others: Amounts): void {
  for (const [name, value] of others) amounts.set(name, (amounts.get(name) ?? 0) + value);
}

function raise(amounts: Amounts, others: Amounts): void {
  for (const [name, value] of others) amounts.set(name, Math.max(amounts.get(name) ?? 0, value));
}
