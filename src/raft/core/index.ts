/** The consensus core: Raft as a pure state machine. */
export {
  applyConfChange,
  type ConfChangeRefusal,
  decodeConfChange,
  encodeConfChange,
  parseConfChange,
} from './conf-change.js';
export {
  decodeConfState,
  emptyConfState,
  encodeConfState,
  isJoint,
  isVoter,
  membersOf,
} from './conf-state.js';
export { CodecError, type CodecErrorCode } from './errors.js';
export { RaftCore } from './raft-core.js';
export { entryBytes } from './raft-log.js';
export type * from './types.js';
