import type { MemberRow, StoreStatus } from './store-documents.js';

/** The member that a majority of those that answered takes for the leader; undefined when there is none. */
export function leaderOf({ members }: StoreStatus): MemberRow | undefined {
  const votes = new Map<string, number>();
  for (const { state } of members) {
    if (state !== null && state.leader !== '')
      votes.set(state.leader, (votes.get(state.leader) ?? 0) + 1);
  }
  const [first] = [...votes].sort(([, a], [, b]) => b - a);
  return members.find(({ id }) => id === first?.[0]);
}

/** What part a member plays. */
export function memberRole({ id, isLearner, state }: MemberRow): string {
  if (state === null) return 'unknown';
  if (isLearner) return 'learner';
  if (state.leader === id) return 'leader';
  return state.leader === '' ? 'no leader' : 'follower';
}

/** The latest revision that any member has. */
export function storeRevision({ members }: StoreStatus): number {
  return Math.max(0, ...members.map(({ state }) => Number(state?.revision ?? 0)));
}
