/** The first argument that is a number, or the fallback: how the benchmarks of single layers are sized. */
export function numberArgument(fallback: number): number {
  const text = process.argv.slice(2).find((word) => /^\d*\.?\d+$/.test(word));
  return text === undefined ? fallback : Number(text);
}
