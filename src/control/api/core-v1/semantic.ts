import { semanticEqual } from '../../machinery/deep-equal.js';
import { Quantity } from '../../machinery/quantity.js';

/** Fields that hold quantities by name. */
const quantityMaps: ReadonlySet<string> = new Set([
  'requests',
  'limits',
  'overhead',
  'capacity',
  'allocatable',
  'allocatedResources',
  'hard',
  'used',
]);

/** Fields that hold one quantity. */
const quantityFields: ReadonlySet<string> = new Set(['sizeLimit', 'divisor']);

/** Whether two parts of objects say the same: absent and empty are equal, and so are quantities of the same amount. */
export function sameMeaning(a: unknown, b: unknown): boolean {
  return semanticEqual(a, b) || semanticEqual(canonical(a, ''), canonical(b, ''));
}

function canonical(value: unknown, field: string): unknown {
  if (Array.isArray(value)) return value.map((item) => canonical(item, ''));
  if (typeof value === 'string') return quantityFields.has(field) ? amountText(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  const isList = quantityMaps.has(field);
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      isList && typeof item === 'string' ? amountText(item) : canonical(item, name),
    ]),
  );
}

const nanosPerMilli = 1_000_000;

/** A text that is the same for equal amounts: billionths. */
function amountText(text: string): string {
  try {
    return Quantity.parse(text).mul(nanosPerMilli).milliValue().toString();
  } catch {
    return text;
  }
}
