import { semanticEqual } from '../machinery/deep-equal.js';
import { fieldsOf, type KubeObject } from '../machinery/object.js';

/** Counts a change of one of the fields given in `metadata.generation`, for kinds whose desired state is not all in `spec`. */
export function countChanges(object: KubeObject, old: KubeObject, names: readonly string[]): void {
  const [fields, before] = [fieldsOf(object), fieldsOf(old)];
  if (names.every((name) => semanticEqual(fields[name], before[name]))) return;
  object.metadata.generation = (old.metadata.generation ?? 0) + 1;
}
