import type { Overload } from './function-table.js';
import { type Bindings, type CelType, isAssignable } from './types.js';

/** Names of types that are values too. */
export const typeIdentifiers: ReadonlySet<string> = new Set([
  'bool',
  'int',
  'uint',
  'double',
  'string',
  'bytes',
  'list',
  'map',
  'null_type',
  'type',
  'optional_type',
]);

/** A way to call a function, and what its parameters stand for. */
export interface Match {
  readonly overload: Overload;
  readonly bindings: Bindings;
}

/** The overloads that take these arguments. */
export function matching(
  overloads: readonly Overload[],
  receiver: CelType | null,
  args: readonly CelType[],
): readonly Match[] {
  return overloads.flatMap((overload) => {
    if ((overload.receiver !== null) !== (receiver !== null)) return [];
    if (overload.parameters.length !== args.length) return [];
    const bindings: Bindings = new Map();
    if (
      overload.receiver !== null &&
      !isAssignable(overload.receiver, receiver as CelType, bindings)
    )
      return [];
    const fits = overload.parameters.every((parameter, at) =>
      isAssignable(parameter, args[at] as CelType, bindings),
    );
    return fits ? [{ overload, bindings }] : [];
  });
}
