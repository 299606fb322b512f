/** `part` of `whole` in percent, rounded down, as 64-bit integers compute it. Both are whole and not negative; `whole` is not 0. */
export function percentage(part: number, whole: number): number {
  const product = part * 100;
  if (product <= Number.MAX_SAFE_INTEGER) return Math.floor(product / whole);
  return Number((BigInt(part) * 100n) / BigInt(whole));
}
