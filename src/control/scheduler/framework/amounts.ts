import { Quantity } from '../../machinery/quantity.js';
import type { ResourceAmounts } from './node-info.js';

/** Amounts by resource name, as objects write them. */
export type AmountTexts = Readonly<Record<string, string>>;

const suffixes: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['k', 1e3],
  ['M', 1e6],
  ['G', 1e9],
  ['T', 1e12],
  ['Ki', 2 ** 10],
  ['Mi', 2 ** 20],
  ['Gi', 2 ** 30],
  ['Ti', 2 ** 40],
]);
/** How nearly all amounts are written; the others go the long way. */
const plain = /^(\d{1,9})(k|M|G|T|Ki|Mi|Gi|Ti)?$/;
const milli = /^(\d{1,12})m$/;

/** Thousandths, rounded up. The text is a valid quantity. */
export function milliValueOf(text: string): number {
  const whole = plainValue(text);
  if (whole !== null) return whole * 1000;
  const match = milli.exec(text);
  return match === null ? Number(Quantity.fromJson(text).milliValue()) : Number(match[1]);
}

/** Whole units, rounded up. The text is a valid quantity. */
export function wholeValueOf(text: string): number {
  return plainValue(text) ?? Number(Quantity.fromJson(text).value());
}

function plainValue(text: string): number | null {
  const match = plain.exec(text);
  if (match === null) return null;
  return Number(match[1]) * (suffixes.get(match[2] ?? '') ?? 1);
}

/** The amount of a resource in the unit that {@link ResourceAmounts} counts it in. */
export function amountOf(name: string, text: string): number {
  return name === 'cpu' ? milliValueOf(text) : wholeValueOf(text);
}

/** Nothing of anything. */
export function noAmounts(): ResourceAmounts {
  return { milliCpu: 0, memoryBytes: 0, ephemeralStorageBytes: 0, pods: 0, scalars: null };
}

/** Amounts as numbers. */
export function amountsOf(texts: AmountTexts): ResourceAmounts {
  const amounts = noAmounts();
  for (const name in texts) setAmount(amounts, name, amountOf(name, String(texts[name])));
  return amounts;
}

/** Sets one amount by its resource name. */
export function setAmount(amounts: ResourceAmounts, name: string, value: number): void {
  switch (name) {
    case 'cpu':
      amounts.milliCpu = value;
      break;
    case 'memory':
      amounts.memoryBytes = value;
      break;
    case 'ephemeral-storage':
      amounts.ephemeralStorageBytes = value;
      break;
    case 'pods':
      amounts.pods = value;
      break;
    default:
      amounts.scalars ??= new Map();
      amounts.scalars.set(name, value);
  }
}

/** Adds `sign` times `other`. A scalar that comes to nothing is left out, so that sums do not depend on what was there before. */
export function addAmounts(
  amounts: ResourceAmounts,
  other: Readonly<ResourceAmounts>,
  sign: 1 | -1,
): void {
  amounts.milliCpu += sign * other.milliCpu;
  amounts.memoryBytes += sign * other.memoryBytes;
  amounts.ephemeralStorageBytes += sign * other.ephemeralStorageBytes;
  amounts.pods += sign * other.pods;
  if (other.scalars === null) return;
  amounts.scalars ??= new Map();
  for (const [name, value] of other.scalars) {
    const total = (amounts.scalars.get(name) ?? 0) + sign * value;
    if (total === 0) amounts.scalars.delete(name);
    else amounts.scalars.set(name, total);
  }
  if (amounts.scalars.size === 0) amounts.scalars = null;
}
