/** Milliseconds of processor time that a computation takes: what other programs do meanwhile does not count. */
export async function cpuMsOf(run: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
