import type { Deployment } from '../../api/gen/apps-v1.js';
import { intOrPercent } from '../pods/index.js';

/** What a Deployment may have at a time. */
export interface RolloutBounds {
  readonly replicas: number;
  /** Pods beyond `replicas`. */
  readonly surge: number;
  /** Pods that may lack to `replicas`. */
  readonly unavailable: number;
  readonly isRolling: boolean;
}

/**
 * The bounds that a Deployment states. A share is rounded up for the surge and down for what may lack; when both come out as nothing,
 * one pod may lack, or no rollout would ever begin.
 */
export function boundsOf({ spec }: Deployment): RolloutBounds {
  const replicas = spec?.replicas ?? 1;
  if (!isRollingUpdate(spec?.strategy?.type)) {
    return { replicas, surge: 0, unavailable: 0, isRolling: false };
  }
  const { maxSurge, maxUnavailable } = spec?.strategy?.rollingUpdate ?? {};
  const surge = intOrPercent(maxSurge, replicas, 'up');
  const lacking = intOrPercent(maxUnavailable, replicas, 'down');
  const unavailable = surge === 0 && lacking === 0 ? 1 : lacking;
  return { replicas, surge, unavailable: Math.min(unavailable, replicas), isRolling: true };
}

function isRollingUpdate(type: string | undefined): boolean {
  return (type ?? 'RollingUpdate') === 'RollingUpdate';
}
