import { duplicate, type FieldPath, forbiddenField } from '../../../machinery/field-path.js';
import type { PodSchedulingGate } from '../../gen/core-v1.js';
import { checkQualifiedName, type FieldErrors } from '../field-checks.js';

type Gates = readonly PodSchedulingGate[];

/** What keeps a pod from being scheduled until others have removed it. */
export function checkSchedulingGates(
  gates: Gates | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const seen = new Set<string>();
  gates?.forEach(({ name = '' }, at) => {
    checkQualifiedName(name, path.index(at), errors);
    if (seen.has(name)) errors.push(duplicate(path.index(at), name));
    seen.add(name);
  });
}

/** Gates of a pod can only be taken away. */
export function checkOnlyGatesRemoved(
  gates: Gates | undefined,
  old: Gates | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const before = new Set(old?.map((gate) => gate.name ?? ''));
  gates?.forEach(({ name = '' }, at) => {
    if (before.has(name)) return;
    const text = `only deletion is allowed, but found new scheduling gate '${name}'`;
    errors.push(forbiddenField(path.index(at).child('name'), text));
  });
}
