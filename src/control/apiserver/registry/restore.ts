import { fieldsOf, type KubeObject, type ObjectMeta } from '../../machinery/object.js';

/** Puts back what no update may change without saying so: clients that leave it out, or send it stale, mean no harm. */
export function restoreMetadata(metadata: ObjectMeta, old: ObjectMeta): void {
  if ((metadata.uid ?? '') === '' && old.uid !== undefined) metadata.uid = old.uid;
  if (old.creationTimestamp !== undefined) metadata.creationTimestamp = old.creationTimestamp;
  if (old.deletionTimestamp !== undefined) metadata.deletionTimestamp = old.deletionTimestamp;
  if (
    old.deletionGracePeriodSeconds !== undefined &&
    metadata.deletionGracePeriodSeconds === undefined
  ) {
    metadata.deletionGracePeriodSeconds = old.deletionGracePeriodSeconds;
  }
  delete metadata.selfLink;
}

/** A write of the status subresource: everything but the status and the metadata stays as it is. */
export function restoreAllButStatus(object: KubeObject, old: KubeObject): void {
  const fields = fieldsOf(object);
  const before = fieldsOf(old);
  for (const field of new Set([...Object.keys(fields), ...Object.keys(before)])) {
    if (field === 'status' || field === 'metadata') continue;
    const value = before[field];
    if (value === undefined) delete fields[field];
    else fields[field] = value;
  }
}
