import { type Compare, compare, type KeyValue, range } from '../../../client/index.js';
import { type Fence, leadershipLost } from '../../machinery/fence.js';
import type { GroupResource } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import { conflict } from '../../machinery/status-errors.js';

/** What a transaction asks for so that it has an effect only while a leadership lasts; nothing without a fence. */
export function fenceGuards(fence: Fence | undefined): readonly Compare[] {
  if (fence === undefined) return [];
  return [compare(fence.key).createRevision('=', fence.createRevision)];
}

/** What a transaction without effect reads, to tell why it had none. */
export function fenceReads(fence: Fence | undefined) {
  return fence === undefined ? [] : [range(fence.key)];
}

/** Throws 409 with the cause `LeadershipLost` when `kvs`, the state of the fence's key, says that the leadership is over. */
export function requireFence(
  fence: Fence,
  kvs: readonly KeyValue[],
  about: { readonly resource: GroupResource; readonly name: string },
): void {
  if (kvs[0]?.createRevision === fence.createRevision) return;
  const { key, createRevision } = fence;
  const message = `the leadership by the key ${key} that was created at revision ${createRevision} is over`;
  const { status } = conflict(about.resource, about.name, `the writer leads no more: ${message}`);
  const causes = [{ reason: leadershipLost, message }];
  throw new StatusError({ ...status, details: { ...status.details, causes } });
}
