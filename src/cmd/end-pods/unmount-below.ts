import { resolve, sep } from 'node:path';
import { runCommand } from '../../host/command.js';
import { readTextFile } from '../../host/text-file.js';

/** Takes away what is mounted below a folder, the innermost first. What is still in use goes when it no longer is. */
export async function unmountBelow(folder: string): Promise<void> {
  const text = await readTextFile('/proc/self/mountinfo').catch(() => ''); // Not Linux: nothing is mounted by pods.
  for (const place of mountsBelow(text, resolve(folder)).toReversed()) {
    await runCommand({ command: 'umount', args: ['--lazy', place] });
  }
}

/** Places below a folder in the order in which they were mounted, from the text of `/proc/self/mountinfo` (proc(5)). Pure. */
export function mountsBelow(mountinfo: string, folder: string): readonly string[] {
  return mountinfo
    .split('\n')
    .map((line) => unescaped(line.split(' ')[placeField] ?? ''))
    .filter((place) => place.startsWith(folder + sep));
}

const placeField = 4;

/** The kernel writes spaces, tabs, line ends and backslashes in octal. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
