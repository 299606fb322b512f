import { join } from 'node:path';
import { runProgram } from '../../../../host/child-process.js';
import { copyExecutable, patchFile } from '../../../../host/executables.js';
import { fileFacts, makeDirectory, removeTree, renameFile } from '../../../../host/state-files.js';
import { RuntimeError } from '../runtime-error.js';

/** What is run inside of containers' root file systems before their command is. */
const programs = ['chmod', 'env', 'ln', 'mkdir', 'mount', 'pivot_root', 'rm', 'rmdir', 'setpriv'];
const allPrograms = [...programs, 'umount'];

/**
 * Copies the node's own programs, with the libraries that they need and the loader, into a directory of their own: an image
 * may have none of them, and those that it has are not trusted. The loader is told by a changed name not to look for
 * `/etc/ld.so.preload`, which inside of a container is the image's.
 */
export async function stageTools(directory: string): Promise<void> {
  if ((await fileFacts(join(directory, 'complete'))) !== null) return;
  const fresh = `${directory}.new`;
  await removeTree(fresh);
  await makeDirectory(fresh);
  const libraries = new Set<string>();
  for (const name of allPrograms) {
    const path = await findProgram(name);
    await copyExecutable(path, join(fresh, name));
    for (const library of await librariesOf(path)) libraries.add(library);
  }
  const loader = [...libraries].find((path) => /\/ld[-.][^/]*$/.test(path));
  if (loader === undefined) {
    throw new RuntimeError('unsupported', 'the node has no dynamic loader to run its tools with');
  }
  for (const path of libraries) {
    await copyExecutable(path, join(fresh, path === loader ? 'loader' : baseName(path)));
  }
  await patchFile(join(fresh, 'loader'), '/etc/ld.so.preload', './no-such-preload');
  await copyExecutable(loader, join(fresh, 'complete'));
  await removeTree(directory);
  await renameFile(fresh, directory);
}

async function findProgram(name: string): Promise<string> {
  for (const folder of ['/usr/bin', '/bin', '/usr/sbin', '/sbin']) {
    if ((await fileFacts(join(folder, name))) !== null) return join(folder, name);
  }
  throw new RuntimeError(
    'unsupported',
    `the node has no '${name}', which containers are made with: install util-linux and coreutils`,
  );
}

/** What the dynamic linker would load: `name => path (address)` and the loader's own path. */
async function librariesOf(path: string): Promise<string[]> {
  const listed = await runProgram(['ldd', path]);
  const text = listed.stdout.toString('utf8');
  return [...text.matchAll(/(?:=>\s*)?(\/\S+)\s+\(0x/g)].map((match) => match[1] ?? '');
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
