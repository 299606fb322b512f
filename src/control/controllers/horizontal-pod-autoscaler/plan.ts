import type { HorizontalPodAutoscaler, MetricStatus } from '../../api/gen/autoscaling-v2.js';
import { fullBehavior, normalize, normalizeByRules } from './behavior.js';
import type { History } from './history.js';
import type { ReadinessRules } from './replica-math.js';
import type { StatusDraft } from './status.js';

/** The controller's flags. */
export interface DecisionRules extends ReadinessRules {
  /** Of targets without a rule of their own: what was recommended so long ago still counts on the way down. */
  readonly downscaleStabilizationMs: number;
  /** Ratios so close to 1 change nothing, where the autoscaler does not say otherwise. */
  readonly tolerance: number;
}

/** What metrics ask for, or that they cannot be read. */
export type Reading =
  | {
      readonly kind: 'read';
      readonly replicas: number;
      /** Of the metric that asks for most. */
      readonly name: string;
      /** One for each that was to be read, of no type where it could not be. */
      readonly metrics: readonly MetricStatus[];
    }
  | {
      readonly kind: 'failed';
      readonly problem: string;
      /** One for each that was to be read, of no type where it could not be. */
      readonly metrics: readonly MetricStatus[];
    };

/** What becomes of the target. */
export interface Decision {
  /** Null: it stays as it is. */
  readonly replicas: number | null;
  readonly reason: string;
  readonly metrics: readonly MetricStatus[];
}

/** What is decided by. */
export interface DecisionContext {
  readonly currentReplicas: number;
  readonly history: History;
  readonly draft: StatusDraft;
  readonly nowMs: number;
  readonly rules: DecisionRules;
}

/**
 * Decides how many replicas there shall be, and writes into the draft why. `read` is asked only when bounds alone do not decide. Null when
 * metrics cannot be read.
 */
export async function decide(
  autoscaler: HorizontalPodAutoscaler,
  context: DecisionContext,
  read: () => Promise<Reading>,
): Promise<Decision | null> {
  const { currentReplicas, draft } = context;
  const { minReplicas = 1, maxReplicas = 0 } = autoscaler.spec ?? {};
  if (currentReplicas === 0 && minReplicas !== 0) {
    const message = 'scaling is disabled since the replica count of the target is zero';
    draft.tell('ScalingActive', false, 'ScalingDisabled', message);
    return { replicas: null, reason: '', metrics: [] };
  }
  if (currentReplicas > maxReplicas) {
    const reason = 'Current number of replicas above Spec.MaxReplicas';
    return { replicas: maxReplicas, reason, metrics: [] };
  }
  if (currentReplicas < minReplicas) {
    const reason = 'Current number of replicas below Spec.MinReplicas';
    return { replicas: minReplicas, reason, metrics: [] };
  }
  const reading = await read();
  if (reading.kind === 'failed') {
    draft.keep(currentReplicas, reading.metrics);
    return null;
  }
  const replicas = bounded(autoscaler, context, reading.replicas);
  const reason =
    reading.replicas > currentReplicas
      ? `${reading.name} above target`
      : 'All metrics below target';
  return {
    replicas: replicas === currentReplicas ? null : replicas,
    ...{ reason, metrics: reading.metrics },
  };
}

/** What is recommended, made stable and kept within bounds. Notes the recommendation. */
function bounded(
  { spec }: HorizontalPodAutoscaler,
  { currentReplicas, history, draft, nowMs, rules }: DecisionContext,
  desiredReplicas: number,
): number {
  const { minReplicas = 1, maxReplicas = 0, behavior } = spec ?? {};
  const { downscaleStabilizationMs } = rules;
  const wish = { currentReplicas, desiredReplicas, minReplicas, maxReplicas, nowMs };
  const full = behavior && fullBehavior(behavior, downscaleStabilizationMs);
  const { stable, bounded } =
    full === undefined
      ? normalize(wish, history, downscaleStabilizationMs)
      : normalizeByRules(wish, history, full);
  const keptMs =
    full === undefined
      ? downscaleStabilizationMs
      : 1000 *
        Math.max(
          full.scaleUp.stabilizationWindowSeconds,
          full.scaleDown.stabilizationWindowSeconds,
        );
  history.recommend(desiredReplicas, nowMs, keptMs);
  draft.tell('AbleToScale', true, stable.reason, stable.message);
  const isLimited = bounded.replicas !== stable.replicas;
  draft.tell('ScalingLimited', isLimited, bounded.reason, bounded.message);
  return bounded.replicas;
}
