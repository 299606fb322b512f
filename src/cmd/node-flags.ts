/** What Node is started with for this program; `bin/flotilla` says the same and why (test/cmd/launcher.test.ts). */
export const nodeFlags: readonly string[] = [
  '--max-semi-space-size=32',
  '--initial-old-space-size=64',
];

/** What the environment says where it does not say otherwise. glibc keeps the memory of each of its arenas: with two, a program has some 10 MiB less. */
export const nodeEnvironment: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '2' };
