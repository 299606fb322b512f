import type {
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../../api/gen/autoscaling-v2.js';
import type { LabelSelector } from '../../api/gen/meta-v1.js';
import { labelSelectorOf } from '../../machinery/label-selector.js';
import { Quantity } from '../../machinery/quantity.js';
import { selectorText } from '../runtime/selector-text.js';
import type { MetricsClient } from './metrics-client.js';
import {
  type Proposal,
  proposeByAverage,
  proposeByShare,
  proposeByUtilization,
  proposeByValue,
  type ReplicaState,
} from './replica-math.js';
import { MetricError } from './samples.js';

/** What is measured, and where. */
export interface MetricContext {
  readonly state: ReplicaState;
  readonly metrics: MetricsClient;
  readonly namespace: string;
  /** That of the target's pods, as text. */
  readonly selector: string;
  /** The target's own count of its pods. */
  readonly statusReplicas: number;
  readonly signal: AbortSignal;
}

/** What a metric asks for. */
export interface MetricProposal {
  readonly replicas: number;
  /** As messages name it. */
  readonly name: string;
  readonly status: MetricStatus;
}

/** Reads a metric and works out what it asks for. Rejects with MetricError, and UnreachableError. */
export async function proposeFor(
  spec: MetricSpec,
  context: MetricContext,
): Promise<MetricProposal> {
  switch (spec.type) {
    case 'Resource':
      return proposeForResource(spec, context);
    case 'ContainerResource':
      return proposeForContainer(spec, context);
    case 'Pods':
      return proposeForPods(spec, context);
    case 'Object':
      return proposeForObject(spec, context);
    case 'External':
      return proposeForExternal(spec, context);
    default:
      throw new MetricError(`unknown metric source type ${JSON.stringify(spec.type)}`);
  }
}

/** The reason of the condition and of the event when a metric cannot be had, and what goes before its message in errors. */
export function failureOf({ type, resource, containerResource, external }: MetricSpec): {
  readonly reason: string;
  readonly prefix: string;
} {
  switch (type) {
    case 'Resource':
      return {
        reason: 'FailedGetResourceMetric',
        prefix: `failed to get ${resource?.name} resource metric value: `,
      };
    case 'ContainerResource':
      return {
        reason: 'FailedGetContainerResourceMetric',
        prefix: `failed to get ${containerResource?.container} container metric value: `,
      };
    case 'Pods':
      return { reason: 'FailedGetPodsMetric', prefix: 'failed to get pods metric value: ' };
    case 'Object':
      return { reason: 'FailedGetObjectMetric', prefix: 'failed to get object metric value: ' };
    case 'External':
      return {
        reason: 'FailedGetExternalMetric',
        prefix: `failed to get ${external?.metric?.name} external metric value: `,
      };
    default:
      return { reason: 'InvalidMetricSourceType', prefix: '' };
  }
}

async function proposeForResource(
  { resource: { name = '', target = {} } = {} }: MetricSpec,
  context: MetricContext,
): Promise<MetricProposal> {
  const { proposal, current } = await byResource(name, '', target, context);
  const text = target.averageValue === undefined ? utilizationText(name, '') : `${name} resource`;
  return {
    ...{ replicas: proposal.replicas, name: text },
    status: { type: 'Resource', resource: { name, current } },
  };
}

async function proposeForContainer(
  { containerResource: { name = '', container = '', target = {} } = {} }: MetricSpec,
  context: MetricContext,
): Promise<MetricProposal> {
  const { proposal, current } = await byResource(name, container, target, context);
  const text =
    target.averageValue === undefined
      ? utilizationText(name, ' container')
      : `${name} container resource`;
  return {
    ...{ replicas: proposal.replicas, name: text },
    status: { type: 'ContainerResource', containerResource: { name, container, current } },
  };
}

function utilizationText(resource: string, of: string): string {
  return `${resource}${of} resource utilization (percentage of request)`;
}

async function byResource(
  resource: string,
  container: string,
  { averageValue, averageUtilization }: MetricTarget,
  { state, metrics, namespace, selector, signal }: MetricContext,
): Promise<{ readonly proposal: Proposal; readonly current: MetricValueStatus }> {
  const kind = averageValue === undefined ? 'utilization' : 'usage';
  if (averageValue === undefined && averageUtilization === undefined) {
    throw new MetricError(
      'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
    );
  }
  const samples = await metrics
    .resource({ resource, namespace, selector, container }, { signal })
    .catch(
      within(`failed to get ${resource} ${kind}: unable to get metrics for resource ${resource}`),
    );
  const proposal = guarded(`failed to get ${resource} ${kind}`, () =>
    averageValue === undefined
      ? proposeByUtilization(state, samples, {
          ...{ resource, container },
          targetPercent: averageUtilization ?? 0,
        })
      : proposeByAverage(state, samples, { resource, target: milli(averageValue) }),
  );
  const { usage, utilization } = proposal;
  const current = {
    ...(utilization === undefined ? {} : { averageUtilization: utilization }),
    averageValue: quantityOf(usage),
  };
  return { proposal, current };
}

async function proposeForPods(
  { pods: { metric = {}, target = {} } = {} }: MetricSpec,
  { state, metrics, namespace, selector, signal }: MetricContext,
): Promise<MetricProposal> {
  const { name = '' } = metric;
  const of = { metric: name, namespace, selector, metricSelector: textOf(metric.selector) };
  const samples = await metrics.pods(of, { signal }).catch(within(`unable to get metric ${name}`));
  const proposal = proposeByAverage(state, samples, {
    ...{ resource: '', target: milli(target.averageValue ?? '0') },
  });
  const current = { averageValue: quantityOf(proposal.usage) };
  return {
    ...{ replicas: proposal.replicas, name: `pods metric ${name}` },
    status: { type: 'Pods', pods: { metric, current } },
  };
}

async function proposeForObject(
  { object: { metric = {}, target = {}, describedObject = {} } = {} }: MetricSpec,
  { state, metrics, namespace, statusReplicas, signal }: MetricContext,
): Promise<MetricProposal> {
  const { name = '' } = metric;
  const of = { metric: name, namespace, object: describedObject };
  // Kubernetes' own text has its parts in this order.
  const about = `${describedObject.kind} on ${namespace} ${describedObject.name}/`;
  const usage = await metrics
    .object({ ...of, metricSelector: textOf(metric.selector) }, { signal })
    .catch(within(`unable to get metric ${name}: ${about}`, ''));
  const proposal = byTarget(state, usage, target, statusReplicas, 'object');
  const shown =
    target.type === 'AverageValue'
      ? `external metric ${name}(${selectorText(metric.selector)})`
      : `${describedObject.kind} metric ${name}`;
  return {
    ...{ replicas: proposal.replicas, name: shown },
    status: {
      type: 'Object',
      object: { describedObject, metric, current: currentOf(target, proposal) },
    },
  };
}

async function proposeForExternal(
  { external: { metric = {}, target = {} } = {} }: MetricSpec,
  { state, metrics, namespace, statusReplicas, signal }: MetricContext,
): Promise<MetricProposal> {
  const { name = '' } = metric;
  const shownSelector = selectorText(metric.selector);
  const usage = await metrics
    .external({ metric: name, namespace, selector: textOf(metric.selector) }, { signal })
    .catch(within(`unable to get external metric ${namespace}/${name}/${shownSelector}`));
  const proposal = byTarget(state, usage, target, statusReplicas, 'external');
  return {
    ...{ replicas: proposal.replicas, name: `external metric ${name}(${shownSelector})` },
    status: { type: 'External', external: { metric, current: currentOf(target, proposal) } },
  };
}

/** By an amount that belongs to all pods together: as it is, or divided among them. */
function byTarget(
  state: ReplicaState,
  usage: number,
  { value, averageValue }: MetricTarget,
  statusReplicas: number,
  source: 'object' | 'external',
): Proposal {
  if (averageValue !== undefined) {
    return proposeByShare(state, { usage, target: milli(averageValue), statusReplicas });
  }
  if (value !== undefined) return proposeByValue(state, { usage, target: milli(value) });
  throw new MetricError(
    `invalid ${source} metric source: neither a value target nor an average value target was set`,
  );
}

function currentOf({ averageValue }: MetricTarget, { usage }: Proposal): MetricValueStatus {
  return averageValue === undefined
    ? { value: quantityOf(usage) }
    : { averageValue: quantityOf(usage) };
}

/** For `catch`: says what was being done. */
function within(what: string, separator = ': '): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof MetricError)) throw error;
    throw new MetricError(`${what}${separator}${error.message}`, { cause: error });
  };
}

function guarded<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    return within(what)(error);
  }
}

/** A metric without a selector is all of it. */
function textOf(selector: LabelSelector | undefined): string {
  return selector === undefined ? '' : labelSelectorOf(selector).toString();
}

function milli(text: string): number {
  return Number(Quantity.parse(text).milliValue());
}

function quantityOf(thousandths: number): string {
  return Quantity.ofMilli(Math.trunc(thousandths)).toString();
}
