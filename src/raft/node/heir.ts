import type { MemberId } from '../../base/ids.js';
import type { CoreStatus } from '../core/types.js';

/** Who should lead next when this leader gives up its office: the active voter that is furthest on; undefined when none is. */
export function heirOf({ id, conf, progress }: CoreStatus): MemberId | undefined {
  let heir: MemberId | undefined;
  let heirMatch = -1;
  for (const voter of conf.voters) {
    const peer = progress.get(voter);
    if (voter === id || peer === undefined || !peer.recentlyActive) continue;
    if (peer.match <= heirMatch) continue;
    heir = voter;
    heirMatch = peer.match;
  }
  return heir;
}
