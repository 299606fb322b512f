import type { HPAScalingPolicy, HPAScalingRules } from '../../api/gen/autoscaling-v2.js';
import type { Change, Recommendation } from './history.js';

/** Bounds and wishes of a moment. */
export interface Wish {
  readonly currentReplicas: number;
  readonly desiredReplicas: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly nowMs: number;
}

/** What was before. */
export interface Past {
  readonly recommendations: readonly Recommendation[];
  /** Rises and falls of the target by this autoscaler, each positive. */
  readonly ups: readonly Change[];
  readonly downs: readonly Change[];
}

/** A number of replicas, and why it is that. */
export interface Reasoned {
  readonly replicas: number;
  readonly reason: string;
  readonly message: string;
}

/** A wish after looking back: stable, and within bounds. */
export interface Normalized {
  /** With the condition AbleToScale. */
  readonly stable: Reasoned;
  /** With the condition ScalingLimited, which is true when it is less or more than `stable`. */
  readonly bounded: Reasoned;
}

/** Rules for both directions with everything there. */
export interface FullBehavior {
  readonly scaleUp: Required<Omit<HPAScalingRules, 'tolerance'>>;
  readonly scaleDown: Required<Omit<HPAScalingRules, 'tolerance'>>;
}

const readyForNewScale = 'recommended size matches current size';
const raised =
  'recent recommendations were higher than current one, applying the highest recent recommendation';
const lowered =
  'recent recommendations were lower than current one, applying the lowest recent recommendation';

/** Without rules of its own: never below what was recommended lately, and never more than twice of what is there. */
export function normalize(wish: Wish, past: Past, downWindowMs: number): Normalized {
  const cutoffMs = wish.nowMs - downWindowMs;
  const recent = past.recommendations.filter(({ atMs }) => atMs >= cutoffMs);
  const replicas = Math.max(wish.desiredReplicas, ...recent.map((each) => each.replicas));
  const stable =
    replicas === wish.desiredReplicas
      ? { replicas, reason: 'ReadyForNewScale', message: readyForNewScale }
      : { replicas, reason: 'ScaleDownStabilized', message: raised };
  return { stable, bounded: boundByDefault(wish, replicas) };
}

function boundByDefault(
  { currentReplicas, minReplicas, maxReplicas }: Wish,
  replicas: number,
): Reasoned {
  const limit = Math.max(2 * currentReplicas, 4);
  if (replicas < minReplicas) return tooFew(minReplicas);
  if (replicas > Math.min(maxReplicas, limit)) {
    return maxReplicas > limit ? tooFast(limit) : tooMany(maxReplicas);
  }
  return within(replicas);
}

/** With rules: windows within which the least or the most that was recommended counts, and steps at most. */
export function normalizeByRules(wish: Wish, past: Past, behavior: FullBehavior): Normalized {
  const stable = stabilize(wish, past.recommendations, behavior);
  return {
    stable,
    bounded: boundByRules({ ...wish, desiredReplicas: stable.replicas }, past, behavior),
  };
}

function stabilize(
  { currentReplicas, desiredReplicas, nowMs }: Wish,
  recommendations: readonly Recommendation[],
  { scaleUp, scaleDown }: FullBehavior,
): Reasoned {
  const since = (seconds: number) =>
    recommendations
      .filter(({ atMs }) => atMs > nowMs - seconds * 1000)
      .map(({ replicas }) => replicas);
  const lowest = Math.min(desiredReplicas, ...since(scaleUp.stabilizationWindowSeconds));
  const highest = Math.max(desiredReplicas, ...since(scaleDown.stabilizationWindowSeconds));
  const replicas = Math.min(Math.max(currentReplicas, lowest), highest);
  if (replicas === desiredReplicas) {
    return { replicas, reason: 'ReadyForNewScale', message: readyForNewScale };
  }
  return desiredReplicas >= currentReplicas
    ? { replicas, reason: 'ScaleUpStabilized', message: lowered }
    : { replicas, reason: 'ScaleDownStabilized', message: raised };
}

function boundByRules(wish: Wish, past: Past, { scaleUp, scaleDown }: FullBehavior): Reasoned {
  const { currentReplicas, desiredReplicas, minReplicas, maxReplicas } = wish;
  if (desiredReplicas > currentReplicas) {
    const limit = Math.max(currentReplicas, upLimit(wish, past, scaleUp));
    if (desiredReplicas > Math.min(maxReplicas, limit)) {
      return maxReplicas > limit ? tooFast(limit) : tooMany(maxReplicas);
    }
  } else if (desiredReplicas < currentReplicas) {
    const limit = Math.min(currentReplicas, downLimit(wish, past, scaleDown));
    if (desiredReplicas < Math.max(minReplicas, limit)) {
      return minReplicas < limit ? tooFastDown(limit) : tooFew(minReplicas);
    }
  }
  return within(desiredReplicas);
}

function upLimit(wish: Wish, past: Past, rules: FullBehavior['scaleUp']): number {
  if (rules.selectPolicy === 'Disabled') return wish.currentReplicas;
  const limits = rules.policies.map((policy) => {
    const start = replicasAtStart(wish, past, policy);
    const { type, value = 0 } = policy;
    return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100));
  });
  return rules.selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits);
}

function downLimit(wish: Wish, past: Past, rules: FullBehavior['scaleDown']): number {
  if (rules.selectPolicy === 'Disabled') return wish.currentReplicas;
  const limits = rules.policies.map((policy) => {
    const start = replicasAtStart(wish, past, policy);
    const { type, value = 0 } = policy;
    return type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100));
  });
  // The smallest change leaves the most replicas.
  return rules.selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits);
}

/** The replicas when the period of a policy began. */
function replicasAtStart(
  { currentReplicas, nowMs }: Wish,
  { ups, downs }: Past,
  { periodSeconds = 0 }: HPAScalingPolicy,
): number {
  const sum = (changes: readonly Change[]) =>
    changes
      .filter(({ atMs }) => atMs > nowMs - periodSeconds * 1000)
      .reduce((total, { replicas }) => total + replicas, 0);
  return currentReplicas - sum(ups) + sum(downs);
}

function within(replicas: number): Reasoned {
  const message = 'the desired count is within the acceptable range';
  return { replicas, reason: 'DesiredWithinRange', message };
}

function tooMany(replicas: number): Reasoned {
  const message = 'the desired replica count is more than the maximum replica count';
  return { replicas, reason: 'TooManyReplicas', message };
}

function tooFew(replicas: number): Reasoned {
  const message = 'the desired replica count is less than the minimum replica count';
  return { replicas, reason: 'TooFewReplicas', message };
}

function tooFast(replicas: number): Reasoned {
  const message = 'the desired replica count is increasing faster than the maximum scale rate';
  return { replicas, reason: 'ScaleUpLimit', message };
}

function tooFastDown(replicas: number): Reasoned {
  const message = 'the desired replica count is decreasing faster than the maximum scale rate';
  return { replicas, reason: 'ScaleDownLimit', message };
}

/** What rules leave out, as the API defaults it; the window of falls is the controller's. */
export function fullBehavior(
  {
    scaleUp = {},
    scaleDown = {},
  }: { readonly scaleUp?: HPAScalingRules; readonly scaleDown?: HPAScalingRules },
  downWindowMs: number,
): FullBehavior {
  return {
    scaleUp: {
      stabilizationWindowSeconds: scaleUp.stabilizationWindowSeconds ?? 0,
      selectPolicy: scaleUp.selectPolicy ?? 'Max',
      policies: scaleUp.policies ?? [
        { type: 'Pods', value: 4, periodSeconds: 15 },
        { type: 'Percent', value: 100, periodSeconds: 15 },
      ],
    },
    scaleDown: {
      stabilizationWindowSeconds: scaleDown.stabilizationWindowSeconds ?? downWindowMs / 1000,
      selectPolicy: scaleDown.selectPolicy ?? 'Max',
      policies: scaleDown.policies ?? [{ type: 'Percent', value: 100, periodSeconds: 15 }],
    },
  };
}
