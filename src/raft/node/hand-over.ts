import { formatId, noMember } from '../../base/ids.js';
import type { Logger } from '../../base/logger.js';
import type { RaftCore } from '../core/index.js';
import { heirOf } from './heir.js';

/** A leader whose disk has stalled for `stallMsMax` gives way to a member whose disk works (etcd #13527). */
export function handOverWhenStalled(
  core: RaftCore,
  disk: { readonly stalledMs: number; readonly stallMsMax: number; readonly logger: Logger },
): void {
  const { stalledMs, stallMsMax, logger } = disk;
  if (core.role !== 'leader' || stalledMs < stallMsMax) return;
  const status = core.status();
  const heir = heirOf(status);
  if (heir === undefined || status.transferee !== noMember) return;
  logger.warn('the disk has stalled; handing leadership over', {
    stalledMs: Math.round(stalledMs),
    to: formatId(heir),
  });
  core.transferLeadership(heir);
}
