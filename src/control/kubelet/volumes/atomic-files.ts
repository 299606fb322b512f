import { createHash } from 'node:crypto';
import type { NodeFiles } from '../../../host/node-files.js';
import type { VolumeFile } from './volume-files.js';

const dataLink = '..data';

/**
 * Makes a folder show these files and no others, all at once: they are written into a folder of their own, to which the link `..data` is
 * then turned; what users see are links through it. Nothing is done when it shows them already. Resolves with whether it was changed.
 */
export async function writeAtomically(
  files: NodeFiles,
  dir: string,
  content: readonly VolumeFile[],
): Promise<boolean> {
  // Named after what is in it, so that what is there is known after a restart.
  const name = `..${digestOf(content)}`;
  const before = await files.linkTarget(`${dir}/${dataLink}`);
  const isThere = before === name && (await files.kindOf(`${dir}/${name}`)) === 'directory';
  if (isThere) return false;
  await files.makeDir(`${dir}/${name}`, 0o755);
  for (const file of content) {
    const path = `${dir}/${name}/${file.path}`;
    await files.makeDir(path.slice(0, path.lastIndexOf('/')), 0o755);
    await files.writeWhole(path, file.content, file.mode);
  }
  await files.replaceLink(`${dir}/${dataLink}`, name);
  const tops = new Set(content.map(({ path }) => path.split('/')[0] ?? ''));
  for (const top of tops) {
    const target = `${dataLink}/${top}`;
    if ((await files.linkTarget(`${dir}/${top}`)) !== target) {
      await files.replaceLink(`${dir}/${top}`, target);
    }
  }
  for (const old of await files.list(dir)) {
    const isKept = old === name || old === dataLink || tops.has(old);
    if (!isKept) await files.remove(`${dir}/${old}`);
  }
  return true;
}

function digestOf(content: readonly VolumeFile[]): string {
  const hash = createHash('sha256');
  const sorted = [...content].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const { path, mode, content: bytes } of sorted) {
    hash.update(`${path.length}:${path}:${mode}:${bytes.length}:`).update(bytes);
  }
  return hash.digest('hex').slice(0, 16);
}
