import type { LabelSelector } from '../../machinery/label-selector.js';

/** A text that is equal for selectors that select the same, and differs from that of every other; `-` for none. */
export function selectorText(selector: LabelSelector | null): string {
  if (selector === null) return '-';
  if (selector.isNothing) return '!!';
  return JSON.stringify(
    selector.requirements.map(({ key, operator, values }) => [key, operator, ...values]),
  );
}
