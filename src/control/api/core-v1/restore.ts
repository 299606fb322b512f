import { cloneJson } from '../../machinery/clone.js';

/** Puts a field of an object back to what it was. */
export function restore<T extends object, K extends keyof T>(object: T, old: T, name: K): void {
  const value = old[name];
  if (value === undefined) delete object[name];
  else object[name] = cloneJson(value);
}
