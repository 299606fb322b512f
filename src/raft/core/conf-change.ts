import { viewOf } from '../../base/bytes.js';
import { type MemberId, memberId, noMember } from '../../base/ids.js';
import { isJoint, sortedIds } from './conf-state.js';
import { CodecError } from './errors.js';
import type { ConfChange, ConfChangeStep, ConfState } from './types.js';

/** Why a membership change does not fit a membership. */
export type ConfChangeRefusal =
  /** Only leaving is possible while joint. */
  | 'joint'
  /** Nothing to leave. */
  | 'not-joint'
  /** Nobody could vote any more. */
  | 'no-voters'
  /** A step that changes nothing. */
  | 'no-effect'
  /** Two steps for one member. */
  | 'duplicate-step'
  /** Member id 0. */
  | 'no-member';

/**
 * The membership after a change, or why the change does not apply. A function of its arguments alone: every member
 * computes the same. The simple form (one step, `joint: 'auto'`) alters one voter at most, so that old and new majorities
 * meet (Raft dissertation 4.1). Every other change enters a joint configuration (4.3), which is left by the change
 * without steps: by the leader itself after `joint: 'auto'`, by whoever proposed it after `joint: 'always'`.
 */
export function applyConfChange(
  conf: ConfState,
  change: ConfChange,
): ConfState | ConfChangeRefusal {
  if (change.steps.length === 0) return leaveJoint(conf);
  if (isJoint(conf)) return 'joint';
  const isSimple = change.steps.length === 1 && change.joint === 'auto';
  const draft = draftOf(conf, !isSimple);
  const seen = new Set<MemberId>();
  for (const step of change.steps) {
    if (step.id === noMember) return 'no-member';
    if (seen.has(step.id)) return 'duplicate-step';
    seen.add(step.id);
    if (!applyStep(draft, step)) return 'no-effect';
  }
  if (draft.voters.size === 0) return 'no-voters';
  return finished(draft, !isSimple && change.joint === 'auto');
}

/** A membership being changed. */
interface Draft {
  readonly voters: Set<MemberId>;
  readonly votersOutgoing: Set<MemberId>;
  readonly learners: Set<MemberId>;
  readonly learnersNext: Set<MemberId>;
}

function draftOf(conf: ConfState, joint: boolean): Draft {
  return {
    voters: new Set(conf.voters),
    votersOutgoing: new Set(joint ? conf.voters : []),
    learners: new Set(conf.learners),
    learnersNext: new Set(),
  };
}

/** False when the step changes nothing. */
function applyStep(draft: Draft, step: ConfChangeStep): boolean {
  const { voters, votersOutgoing, learners, learnersNext } = draft;
  switch (step.kind) {
    case 'add-voter':
      if (voters.has(step.id)) return false;
      learners.delete(step.id);
      voters.add(step.id);
      return true;
    case 'add-learner':
      if (learners.has(step.id)) return false;
      voters.delete(step.id);
      // Nobody is voter and learner at once: an outgoing voter waits until the joint configuration is left.
      (votersOutgoing.has(step.id) ? learnersNext : learners).add(step.id);
      return true;
    case 'remove':
      return voters.delete(step.id) || learners.delete(step.id);
  }
}

function leaveJoint(conf: ConfState): ConfState | ConfChangeRefusal {
  if (!isJoint(conf)) return 'not-joint';
  return {
    voters: conf.voters,
    votersOutgoing: [],
    learners: sortedIds([...conf.learners, ...conf.learnersNext]),
    learnersNext: [],
    autoLeave: false,
  };
}

function finished(draft: Draft, autoLeave: boolean): ConfState {
  return {
    voters: sortedIds([...draft.voters]),
    votersOutgoing: sortedIds([...draft.votersOutgoing]),
    learners: sortedIds([...draft.learners]),
    learnersNext: sortedIds([...draft.learnersNext]),
    autoLeave,
  };
}

const version = 1;
const headBytes = 6;
const stepBytes = 9;
const jointForms = ['auto', 'always'] as const;
const stepKinds = ['add-voter', 'add-learner', 'remove'] as const;

/**
 * Encodes a change as the data of its `config` entry: version (1 byte), joint form (1 byte), number of steps (4 bytes), for
 * each step its kind (1 byte) and member (8 bytes), then the context. Little-endian.
 */
export function encodeConfChange(change: ConfChange): Uint8Array {
  const contextAt = headBytes + stepBytes * change.steps.length;
  const bytes = new Uint8Array(contextAt + change.context.length);
  const view = viewOf(bytes);
  bytes[0] = version;
  bytes[1] = jointForms.indexOf(change.joint);
  view.setUint32(2, change.steps.length, true);
  change.steps.forEach((step, i) => {
    bytes[headBytes + stepBytes * i] = stepKinds.indexOf(step.kind);
    view.setBigUint64(headBytes + stepBytes * i + 1, step.id, true);
  });
  bytes.set(change.context, contextAt);
  return bytes;
}

/** Decodes what {@link encodeConfChange} made; throws {@link CodecError} `malformed-conf-change` on anything else. */
export function decodeConfChange(bytes: Uint8Array): ConfChange {
  const change = parseConfChange(bytes);
  if (change === null) {
    throw new CodecError(
      'malformed-conf-change',
      `decode membership change: ${bytes.length} bytes are not a membership change; the data is damaged or from a newer version`,
    );
  }
  return change;
}

/** As {@link decodeConfChange}, but null on anything else: such an entry is void on every member alike. */
export function parseConfChange(bytes: Uint8Array): ConfChange | null {
  const joint = jointForms[bytes[1] ?? -1];
  if (bytes[0] !== version || joint === undefined || bytes.length < headBytes) return null;
  const view = viewOf(bytes);
  const count = view.getUint32(2, true);
  const contextAt = headBytes + stepBytes * count;
  if (contextAt > bytes.length) return null;
  const steps: ConfChangeStep[] = [];
  for (let at = headBytes; at < contextAt; at += stepBytes) {
    const kind = stepKinds[bytes[at] ?? -1];
    if (kind === undefined) return null;
    steps.push({ kind, id: memberId(view.getBigUint64(at + 1, true)) });
  }
  return { steps, joint, context: bytes.slice(contextAt) };
}
