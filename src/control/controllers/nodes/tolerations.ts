import type { Taint, Toleration } from '../../api/gen/core-v1.js';

/** Whether a pod with this toleration puts up with a taint. */
export function tolerates(
  { key = '', operator = '', value = '', effect = '' }: Toleration,
  taint: Taint,
): boolean {
  if (effect !== '' && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  switch (operator) {
    case '':
    case 'Equal':
      return value === (taint.value ?? '');
    case 'Exists':
      return true;
    default:
      return false;
  }
}

/** The first toleration of each taint; null when there is a taint without one. */
export function matchingTolerations(
  tolerations: readonly Toleration[],
  taints: readonly Taint[],
): readonly Toleration[] | null {
  const used: Toleration[] = [];
  for (const taint of taints) {
    const found = tolerations.find((toleration) => tolerates(toleration, taint));
    if (found === undefined) return null;
    used.push(found);
  }
  return used;
}
