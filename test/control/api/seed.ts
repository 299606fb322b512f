/** A seed for one run: another each time, or the one of the environment variable SEED. Failures must name it. */
export function testSeed(): number {
  return Number(process.env.SEED ?? Date.now() % 1_000_000);
}
