import type { Clock } from '../../base/clock.js';
import type { Node } from '../../control/api/gen/core-v1.js';
import type { Proxier } from '../../control/proxy/index.js';
import type { PlainAnswer } from '../program/health-answers.js';

/** The autoscaler's taint of a node that is about to go. */
const deletionTaint = 'ToBeDeletedByClusterAutoscaler';

/** What a proxy says of its health. */
export interface ProxyHealth {
  onSync(): void;
  /** Changes get into the rules in time. */
  isHealthy(): boolean;
  /** /healthz: whether load balancers are to send connections here; /livez: whether the proxy works. Null: another path. */
  answer(path: string): PlainAnswer | null;
}

/** Healthy is who was up to date within the last two periods, or has nothing to do. */
export function proxyHealth(options: {
  readonly clock: Clock;
  readonly proxier: Pick<Proxier, 'pendingSinceMs'>;
  readonly syncPeriodMs: number;
  readonly node: () => Node | undefined;
}): ProxyHealth {
  const { clock, proxier, syncPeriodMs, node } = options;
  let lastSyncMs: number | null = null;
  const isHealthy = () => {
    const { pendingSinceMs } = proxier;
    if (lastSyncMs === null) return false;
    return pendingSinceMs === null || clock.wallTime() - pendingSinceMs <= 2 * syncPeriodMs;
  };
  return {
    onSync: () => {
      lastSyncMs = clock.wallTime();
    },
    isHealthy,
    answer: (path) => {
      if (path !== '/healthz' && path !== '/livez') return null;
      const nodeEligible = isEligible(node());
      const nowMs = clock.wallTime();
      const isUp = isHealthy() && (path === '/livez' || nodeEligible);
      const updatedMs = isHealthy() ? nowMs : (lastSyncMs ?? 0);
      const body = {
        ...{ lastUpdated: timeText(updatedMs), currentTime: timeText(nowMs), nodeEligible },
      };
      return { status: isUp ? 200 : 503, body: JSON.stringify(body), type: 'application/json' };
    },
  };
}

/** A node that is being deleted gets no new connections; one that is not known may just not be registered. */
function isEligible(node: Node | undefined): boolean {
  if (node === undefined) return true;
  const isLeaving = (node.spec?.taints ?? []).some(({ key }) => key === deletionTaint);
  return !isLeaving && node.metadata.deletionTimestamp === undefined;
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
