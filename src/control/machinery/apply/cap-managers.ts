import type { Manager, ManagerIdentity, Managers } from './managers.js';
import { managerKey, secondsOf, withFields } from './managers.js';
import { compareText } from './value-order.js';

/** Managers by updates that are remembered one by one; the oldest of more become one. */
export const updateManagerCountMax = 10;

/** Who is said to own what managers owned that are not remembered any more. */
const bucketName = 'ancient-changes';

/**
 * At most {@link updateManagerCountMax} managers by updates: of more, the oldest are made one for each version. There can be more of
 * them all the same when they are all of different versions.
 */
export function capUpdateManagers(managers: Managers): Managers {
  const updaters = [...managers].filter(([, { operation }]) => operation === 'Update');
  let count = updaters.length;
  if (count <= updateManagerCountMax) return managers;
  updaters.sort(([a, x], [b, y]) => secondsOf(x) - secondsOf(y) || compareText(a, b));
  const capped = new Map(managers);
  /** The oldest manager of each version, which stays what it is until it gets company. */
  const oldest = new Map<string, string>();
  for (const [key, manager] of updaters) {
    if (count <= updateManagerCountMax) break;
    const { apiVersion } = manager;
    const first = oldest.get(apiVersion);
    if (first === undefined) {
      oldest.set(apiVersion, key);
    } else {
      fold(capped, { first, key, manager });
      count--;
    }
  }
  return capped;
}

/** Puts a manager's fields into the bucket of its version, which begins with the fields of the oldest. */
function fold(
  managers: Map<string, Manager>,
  {
    first,
    key,
    manager,
  }: { readonly first: string; readonly key: string; readonly manager: Manager },
): void {
  const { apiVersion, time } = manager;
  const identity: ManagerIdentity = {
    name: bucketName,
    operation: 'Update',
    apiVersion,
    subresource: '',
  };
  const bucketKey = managerKey(identity);
  const bucket = managers.get(bucketKey) ?? managers.get(first);
  if (!managers.has(bucketKey)) managers.delete(first);
  managers.delete(key);
  const fields = bucket === undefined ? manager.fields : manager.fields.union(bucket.fields);
  managers.set(bucketKey, { ...withFields(manager, fields), ...identity, time, entry: undefined });
}
