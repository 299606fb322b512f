import type { IntOrString } from '../../api/gen/util-intstr.js';

/** A number, or a percentage of `total`, rounded up or down. What is neither counts as 0: the API lets nothing else in. */
export function intOrPercent(
  value: IntOrString | undefined,
  total: number,
  round: 'up' | 'down',
): number {
  if (typeof value === 'number') return value;
  const match = /^([0-9]+)%$/.exec(value ?? '');
  if (match === null) return 0;
  // Whole numbers until the division, so that 7% of 100 is 7 and not a little more.
  const share = (Number(match[1]) * total) / 100;
  return round === 'up' ? Math.ceil(share) : Math.floor(share);
}
