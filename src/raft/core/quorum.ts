import type { MemberId } from '../../base/ids.js';

/** What an election, or a question to all voters, has come to. */
export type VoteResult = 'won' | 'lost' | 'pending';

/**
 * The largest value that a majority has reached, given what each voter has reached; sorts `values` in place. Without
 * voters there is nobody to wait for: Infinity, so that the minimum over both halves of a joint configuration is right.
 */
export function majorityValue(values: number[]): number {
  const count = values.length;
  if (count === 0) return Number.POSITIVE_INFINITY;
  // Insertion sort: a handful of voters, no comparator to call.
  for (let i = 1; i < count; i++) {
    const value = values[i] as number;
    let at = i - 1;
    while (at >= 0 && (values[at] as number) > value) {
      values[at + 1] = values[at] as number;
      at--;
    }
    values[at + 1] = value;
  }
  return values[(count - 1) >> 1] as number;
}

/** Whether a majority of `voters` said yes, or can no longer say so. Without voters it is won. */
export function majorityVote(
  voters: readonly MemberId[],
  votes: ReadonlyMap<MemberId, boolean>,
): VoteResult {
  let granted = 0;
  let missing = 0;
  for (const id of voters) {
    const vote = votes.get(id);
    if (vote === undefined) missing++;
    else if (vote) granted++;
  }
  const needed = voters.length === 0 ? 0 : (voters.length >> 1) + 1;
  if (granted >= needed) return 'won';
  return granted + missing >= needed ? 'pending' : 'lost';
}

/** Both halves must win; either can lose (Raft dissertation 4.3). */
export function jointVote(
  incoming: readonly MemberId[],
  outgoing: readonly MemberId[],
  votes: ReadonlyMap<MemberId, boolean>,
): VoteResult {
  const first = majorityVote(incoming, votes);
  const second = majorityVote(outgoing, votes);
  if (first === second) return first;
  return first === 'lost' || second === 'lost' ? 'lost' : 'pending';
}
