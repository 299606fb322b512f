import { Change } from '../../../../src/control/apiserver/storage/change.js';
import { JsonBudget } from '../../../../src/control/apiserver/storage/json-budget.js';
import { ResourceKeys } from '../../../../src/control/apiserver/storage/resource-keys.js';
import {
  StoredItem,
  withResourceVersion,
} from '../../../../src/control/apiserver/storage/stored-item.js';
import { type Thing, thing } from './things.js';

/** The keys of namespaced things. */
export const thingKeys = new ResourceKeys({ prefix: '/registry/things', isNamespaced: true });

const budget = new JsonBudget();

/** A stored thing that no store has seen. */
export function itemOf(
  path: string,
  revision: number,
  { spec = {}, size = 100 }: { readonly spec?: Thing['spec']; readonly size?: number } = {},
): StoredItem {
  const object = withResourceVersion(thing(path, spec), revision);
  return new StoredItem({ key: path, object, revision, size, isStale: false, budget });
}

/** The creation of a thing. */
export function creationOf(path: string, revision: number, size = 100): Change {
  return new Change({ key: path, revision, before: null, after: itemOf(path, revision, { size }) });
}
