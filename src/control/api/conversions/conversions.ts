import type { GroupVersionKind } from '../../machinery/object.js';
import type { VersionConversion } from '../version-conversion.js';

/** The conversion between a built-in kind's version and the version that is stored; null when they are the same. */
export function conversionOf(_kind: GroupVersionKind): VersionConversion | null {
  return null;
}
