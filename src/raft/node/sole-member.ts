import { concatBytes } from '../../base/bytes.js';
import type { MemberId } from '../../base/ids.js';
import {
  applyConfChange,
  type ConfChangeStep,
  type ConfState,
  type Entry,
  encodeConfChange,
  isJoint,
  membersOf,
  parseConfChange,
  type RecoveredState,
} from '../core/index.js';

const noContext = concatBytes([]);

/**
 * A log after which `self` is the only member, whatever it was before: for a cluster that has lost its quorum for good. All that the
 * log holds counts as committed from now on: the lost members may have committed it, and nobody is left who could say that they have
 * not. Entries that remove the others one after the other follow, in a term that nobody else led.
 *
 * Null when `self` is the only member already. `'not-a-member'` when it was removed.
 */
export function becomeSoleMember(
  recovered: RecoveredState,
  self: MemberId,
): RecoveredState | 'not-a-member' | null {
  const last = confAfter(recovered);
  if (!membersOf(last).includes(self)) return 'not-a-member';
  const changes = changesToSole(last, self);
  if (changes.length === 0) return null;
  const { base, entries, hardState } = recovered;
  const term = Math.max(hardState.term, entries.at(-1)?.term ?? base.term) + 1;
  const lastIndex = base.index + entries.length;
  const removals = changes.map(
    (data, i): Entry => ({ kind: 'config', term, index: lastIndex + 1 + i, data }),
  );
  return {
    ...recovered,
    hardState: { term, vote: self, commit: lastIndex + removals.length },
    entries: [...entries, ...removals],
  };
}

/** The membership once the whole log is applied. */
function confAfter({ base, entries, applied, conf }: RecoveredState): ConfState {
  let after = conf;
  for (const entry of entries.slice(applied - base.index)) {
    if (entry.kind !== 'config') continue;
    const change = parseConfChange(entry.data);
    const next = change === null ? 'unreadable' : applyConfChange(after, change);
    if (typeof next !== 'string') after = next;
  }
  return after;
}

/** The changes, encoded, that lead from a membership to that of one voter. */
function changesToSole(conf: ConfState, self: MemberId): Uint8Array[] {
  const others = membersOf(conf).filter((id) => id !== self);
  const steps: ConfChangeStep[] = others.map((id) => ({ kind: 'remove', id }));
  // Somebody must be able to vote at any time.
  if (!conf.voters.includes(self)) steps.unshift({ kind: 'add-voter', id: self });
  const simple = steps.map((step) => [step]);
  const changes = isJoint(conf) ? [[], ...simple] : simple;
  return changes.map((part) =>
    encodeConfChange({ steps: part, joint: 'auto', context: noContext }),
  );
}
