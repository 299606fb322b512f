import type { MemberId } from '../../base/ids.js';
import type { ConfState } from '../../raft/core/types.js';
import type { MemberRecord } from '../../wire/gen/store.js';
import { compareIds } from './member-ids.js';

/** The configuration that these members make, before any of them has changed it. */
export function confOf(members: readonly MemberRecord[]): ConfState {
  const ids = (isLearner: boolean) =>
    members
      .filter((member) => member.isLearner === isLearner)
      .map((member) => member.id as MemberId)
      .sort(compareIds);
  return {
    voters: ids(false),
    votersOutgoing: [],
    learners: ids(true),
    learnersNext: [],
    autoLeave: false,
  };
}
