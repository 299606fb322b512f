import { Quantity } from '../../machinery/quantity.js';

/** Amounts by the name of the resource, as written. */
export type ResourceList = Readonly<Record<string, string>>;

/** 0, for what is not there. */
export const noQuantity: Quantity = Quantity.parse('0');

/** The quantity that a text says. Decoding has checked it; what is malformed nevertheless, or absent, counts as 0. */
export function quantityOf(text: string | undefined): Quantity {
  if (text === undefined) return noQuantity;
  try {
    return Quantity.parse(text);
  } catch {
    return noQuantity;
  }
}

/** Whether the amount is not a whole number. */
export function isFractional(amount: Quantity): boolean {
  return amount.milliValue() % 1000n !== 0n;
}

/** The names and amounts of a list, ordered by name. */
export function amountsOf(list: ResourceList | undefined): [string, Quantity][] {
  return Object.keys(list ?? {})
    .sort()
    .map((name) => [name, quantityOf(list?.[name])]);
}

/** Adds the amounts of a list to a sum by resource. */
export function addAmounts(sum: Map<string, Quantity>, list: ResourceList | undefined): void {
  for (const [name, amount] of amountsOf(list)) {
    const before = sum.get(name);
    sum.set(name, before === undefined ? amount : before.add(amount));
  }
}

/** Raises each amount of a sum to that of another where it is higher. */
export function maxAmounts(sum: Map<string, Quantity>, other: ReadonlyMap<string, Quantity>): void {
  for (const [name, amount] of other) {
    const before = sum.get(name);
    if (before === undefined || amount.compare(before) > 0) sum.set(name, amount);
  }
}

/** Rounds the amounts of a list up to thousandths, which is as fine as resources are measured. */
export function roundAmounts(list: Record<string, string> | undefined): void {
  for (const [name, text] of Object.entries(list ?? {})) {
    const amount = quantityOf(text);
    const rounded = Quantity.ofMilli(amount.milliValue(), amount.format);
    if (list !== undefined && rounded.compare(amount) > 0) list[name] = rounded.toString();
  }
}

/** The same for requests and limits. */
export function roundRequirements(
  requirements: { requests?: Record<string, string>; limits?: Record<string, string> } | undefined,
): void {
  roundAmounts(requirements?.requests);
  roundAmounts(requirements?.limits);
}
