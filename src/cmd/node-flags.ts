/** What Node is started with for this program; `bin/flotilla` says the same and why (test/cmd/launcher.test.ts). */
export const nodeFlags: readonly string[] = [
  '--max-semi-space-size=32',
  '--initial-old-space-size=64',
];
