import type { LabelSelector } from '../gen/meta-v1.js';
import { usableSelector } from './selected-template.js';

/** A selector in one cell, as tables show it. */
export function selectorCell(selector: LabelSelector | undefined): string {
  const usable = usableSelector(selector);
  if (usable === undefined) return '<error>';
  return usable.toString() === '' ? '<none>' : usable.toString();
}
