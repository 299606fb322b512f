import type { Scale } from '../../api/gen/autoscaling-v1.js';
import type { HorizontalPodAutoscaler, MetricStatus } from '../../api/gen/autoscaling-v2.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { splitKey } from '../../client/index.js';
import { type LabelSelector, parseLabelSelector } from '../../machinery/label-selector.js';
import { Quantity } from '../../machinery/quantity.js';
import { StatusError } from '../../machinery/status.js';
import type { MetricsClient } from './metrics-client.js';
import type { DecisionRules, Reading } from './plan.js';
import { failureOf, type MetricProposal, proposeFor } from './propose.js';
import { MetricError } from './samples.js';
import type { StatusDraft } from './status.js';

/** What metrics are read with. */
export interface ReadingOptions {
  /** Of the namespace. */
  readonly pods: readonly Pod[];
  readonly metrics: MetricsClient;
  readonly rules: DecisionRules;
  readonly nowMs: number;
  readonly draft: StatusDraft;
  readonly signal: AbortSignal;
  /** Tells an event that is a warning. */
  readonly tell: (reason: string, message: string) => void;
  /** Keys of autoscalers that have pods of the selector in common. */
  readonly rivals: (selector: LabelSelector, pods: readonly Pod[]) => readonly string[];
}

/**
 * Reads the metrics of an autoscaler: what they ask for is what the most demanding asks for. Metrics that cannot be read keep it from
 * falling, and from anything when they all cannot. Rejects with UnreachableError.
 */
export async function readMetrics(
  autoscaler: HorizontalPodAutoscaler,
  scale: Scale,
  options: ReadingOptions,
): Promise<Reading> {
  const reading = await readSelected(autoscaler, scale, options);
  if (reading.kind === 'failed') options.tell('FailedComputeMetricsReplicas', reading.problem);
  return reading;
}

async function readSelected(
  autoscaler: HorizontalPodAutoscaler,
  scale: Scale,
  options: ReadingOptions,
): Promise<Reading> {
  const { draft, tell, rivals } = options;
  const text = scale.status?.selector ?? '';
  const selected = selectPods(text, options.pods);
  if ('problem' in selected) {
    const { reason, problem, message } = selected;
    tell(reason, problem);
    draft.tell('ScalingActive', false, 'InvalidSelector', message);
    return { kind: 'failed', problem, metrics: [] };
  }
  const others = rivals(selected.selector, selected.pods);
  if (others.length > 0) {
    const named = others.map(splitKey).map(({ namespace, name }) => `{${name} ${namespace}}`);
    const problem = `pods by selector ${text} are controlled by multiple HPAs: [${named.join(' ')}]`;
    tell('AmbiguousSelector', problem);
    draft.tell('ScalingActive', false, 'AmbiguousSelector', problem);
    return { kind: 'failed', problem, metrics: [] };
  }
  return readAll(autoscaler, scale, selected.pods, options);
}

async function readAll(
  autoscaler: HorizontalPodAutoscaler,
  scale: Scale,
  pods: readonly Pod[],
  { metrics, rules, nowMs, draft, signal, tell }: ReadingOptions,
): Promise<Reading> {
  const currentReplicas = scale.spec?.replicas ?? 0;
  const specs = autoscaler.spec?.metrics ?? [];
  const context = {
    state: { ...rules, currentReplicas, pods, nowMs, tolerance: toleranceOf(autoscaler, rules) },
    ...{ metrics, namespace: autoscaler.metadata.namespace ?? '', signal },
    ...{ selector: scale.status?.selector ?? '', statusReplicas: scale.status?.replicas ?? 0 },
  };
  const statuses: MetricStatus[] = [];
  let best: MetricProposal | null = null;
  const failures: { readonly reason: string; readonly text: string; readonly whole: string }[] = [];
  for (const spec of specs) {
    try {
      const proposal = await proposeFor(spec, context);
      statuses.push(proposal.status);
      if (best === null || proposal.replicas > best.replicas) best = proposal;
    } catch (error) {
      if (!(error instanceof MetricError)) throw error;
      const { reason, prefix } = failureOf(spec);
      // Clients find a metric's status by its place.
      statuses.push({ type: '' });
      tell(reason, error.message);
      failures.push({ reason, text: error.message, whole: prefix + error.message });
    }
  }
  const [first] = failures;
  const problem =
    first === undefined
      ? null
      : `invalid metrics (${failures.length} invalid out of ${specs.length}), first error is: ${first.whole}`;
  if (best === null || (first !== undefined && best.replicas < currentReplicas)) {
    const text = first?.text ?? '';
    const message = `the HPA was unable to compute the replica count: ${text}`;
    draft.tell('ScalingActive', false, first?.reason ?? 'InvalidMetricSourceType', message);
    return { kind: 'failed', problem: problem ?? 'no metrics are given', metrics: statuses };
  }
  const message = `the HPA was able to successfully calculate a replica count from ${best.name}`;
  draft.tell('ScalingActive', true, 'ValidMetricFound', message);
  return { kind: 'read', replicas: best.replicas, name: best.name, metrics: statuses };
}

type Selected =
  | { readonly selector: LabelSelector; readonly pods: readonly Pod[] }
  | { readonly reason: string; readonly problem: string; readonly message: string };

function selectPods(text: string, pods: readonly Pod[]): Selected {
  if (text === '') {
    return {
      ...{ reason: 'SelectorRequired', problem: 'selector is required' },
      message: "the HPA target's scale is missing a selector",
    };
  }
  try {
    const selector = parseLabelSelector(text);
    return { selector, pods: pods.filter(({ metadata }) => selector.matches(metadata.labels)) };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const problem = `couldn't convert selector into a corresponding internal selector object: ${error.message}`;
    return { reason: 'InvalidSelector', problem, message: problem };
  }
}

function toleranceOf(
  { spec }: HorizontalPodAutoscaler,
  { tolerance }: DecisionRules,
): { readonly up: number; readonly down: number } {
  const own = (text: string | undefined) =>
    text === undefined ? tolerance : Quantity.parse(text).toNumber();
  return {
    up: own(spec?.behavior?.scaleUp?.tolerance),
    down: own(spec?.behavior?.scaleDown?.tolerance),
  };
}
