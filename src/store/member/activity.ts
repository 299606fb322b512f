import type { NodeActivity } from '../../raft/node/index.js';
import type { StoreCounts } from '../counts.js';

/** What a member has done and seen since it was opened, for its metrics. */
export interface MemberActivity extends NodeActivity {
  readonly leaderChanges: number;
  readonly counts: StoreCounts;
  /** Keys that exist now. */
  readonly liveKeys: number;
  readonly watches: { readonly streams: number; readonly watchers: number; readonly slow: number };
}
