import type { MemberLimits } from './member.js';

const mebibyte = 1 << 20;

/** Bounds that suit a server of any size; what a command line can change is overridden from it. */
export const defaultLimits: MemberLimits = {
  heartbeatMs: 100,
  electionMs: 1000,
  preVote: true,
  requestTimeoutMs: 7000,
  pendingProposalsMax: 50_000,
  messageBytesMax: mebibyte,
  inflightMessagesMax: 4,
  inflightBytesMax: 64 * mebibyte,
  uncommittedBytesMax: 256 * mebibyte,
  committedBytesMax: 16 * mebibyte,
  catchUpEntries: 5000,
  catchUpBytes: 64 * mebibyte,
  syncAfterEntries: 10_000,
  syncAfterBytes: 64 * mebibyte,
  walSegmentBytes: 16 * mebibyte,
  snapshotChunkBytes: mebibyte,
  snapshotBytesPerSecond: 128 * mebibyte,
  valueCacheBytesMax: 256 * mebibyte,
  valueFileBytesMin: mebibyte / 16,
  requestBytesMax: 1.5 * mebibyte,
  txnOpsMax: 128,
  quotaBytes: 2048 * mebibyte,
  strictReconfigCheck: true,
  progressNotifyMs: 600_000,
};
