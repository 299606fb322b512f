import type { RunCommand } from '../../../host/command.js';

/** Whether the machine lets nodes have networks of their own. */
export type NodeIsolation =
  | { readonly kind: 'namespaces' }
  | {
      readonly kind: 'none';
      /** For the reader: what is missing. */
      readonly why: string;
    };

/** Programs that nodes in namespaces need, the Debian package of each, and what asks it whether it works. */
const tools: readonly {
  readonly command: string;
  readonly args: readonly string[];
  readonly source: string;
}[] = [
  { command: 'ip', args: ['-V'], source: 'iproute2' },
  { command: 'unshare', args: ['--version'], source: 'util-linux' },
  { command: 'nsenter', args: ['--version'], source: 'util-linux' },
  { command: 'nft', args: ['--version'], source: 'nftables' },
];

/** What is done in a namespace of its own, to see whether the kernel takes it. */
const trials: readonly { readonly line: string; readonly what: string }[] = [
  { line: 'ip link add flotillatry type bridge', what: 'bridges' },
  { line: 'nft add table ip flotillatry', what: 'nftables' },
];

/** Looks what the machine allows, by trying it where nobody sees it. */
export async function nodeIsolation(run: RunCommand, isRoot: boolean): Promise<NodeIsolation> {
  if (!isRoot) return { kind: 'none', why: 'this is not run as root' };
  for (const { command, args, source } of tools) {
    const { exitCode } = await run({ command, args });
    if (exitCode !== 0)
      return { kind: 'none', why: `${command} cannot be run (Debian has it in ${source})` };
  }
  for (const { line, what } of trials) {
    const args = ['--mount', '--net', ...line.split(' ')];
    const { exitCode, stderr } = await run({ command: 'unshare', args });
    if (exitCode !== 0) {
      const [why = ''] = stderr.trim().split('\n');
      return { kind: 'none', why: `the kernel allows no ${what} in namespaces (${why})` };
    }
  }
  return { kind: 'namespaces' };
}
