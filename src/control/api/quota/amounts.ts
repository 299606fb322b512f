import { Quantity } from '../../machinery/quantity.js';

/** Quantities by resource name. */
export type Amounts = ReadonlyMap<string, Quantity>;

/** What an object writes as quantities. */
export function parseAmounts(written: Readonly<Record<string, string>> | undefined): Amounts {
  return new Map(
    Object.entries(written ?? {}).map(([name, text]) => [name, Quantity.parse(text)] as const),
  );
}

/** What is written into an object. */
export function writeAmounts(amounts: Amounts): Record<string, string> {
  return Object.fromEntries([...amounts].map(([name, quantity]) => [name, quantity.toString()]));
}

export function addAmounts(a: Amounts, b: Amounts): Amounts {
  const sum = new Map(a);
  for (const [name, quantity] of b) sum.set(name, sum.get(name)?.add(quantity) ?? quantity);
  return sum;
}

/** `a` less `b`, where what would fall below nothing is nothing. */
export function subtractAmounts(a: Amounts, b: Amounts): Amounts {
  const rest = new Map<string, Quantity>();
  for (const [name, quantity] of a) {
    const less = b.get(name);
    const difference = less === undefined ? quantity : quantity.sub(less);
    rest.set(name, difference.sign < 0 ? Quantity.of(0) : difference);
  }
  for (const name of b.keys()) if (!rest.has(name)) rest.set(name, Quantity.of(0));
  return rest;
}

/** Only these resources. */
export function maskAmounts(amounts: Amounts, names: Iterable<string>): Amounts {
  const kept = new Set(names);
  return new Map([...amounts].filter(([name]) => kept.has(name)));
}

export function withoutZeros(amounts: Amounts): Amounts {
  return new Map([...amounts].filter(([, quantity]) => !quantity.isZero));
}

/** Names of what is more than its bound; what has no bound is never more. */
export function exceeding(amounts: Amounts, bounds: Amounts): readonly string[] {
  return [...amounts]
    .filter(([name, quantity]) => {
      const bound = bounds.get(name);
      return bound !== undefined && quantity.compare(bound) > 0;
    })
    .map(([name]) => name);
}

/** `cpu=1,memory=1Gi`, by name. */
export function amountsText(amounts: Amounts): string {
  return [...amounts]
    .map(([name, quantity]) => `${name}=${quantity.toString()}`)
    .sort()
    .join(',');
}
