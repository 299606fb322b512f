import { readFile, writeFile } from 'node:fs/promises';
import {
  baseImages,
  imageLayout,
  layoutArchive,
} from '../../control/kubelet/runtime/images/build/index.js';
import { imageArchitecture } from '../../host/architecture.js';
import { runProgram } from '../../host/child-process.js';
import { UsageError } from '../usage-error.js';

/** Where Debian's busybox-static and Alpine have it. */
const usualPlaces = ['/usr/bin/busybox', '/bin/busybox', '/bin/busybox.static'];

/**
 * Writes an archive of an image with a shell and the usual small programs, and of one that holds pods in containerd, both
 * made of this machine's busybox. Resolves with their names. Rejects with UsageError.
 */
export async function writeBaseArchive(
  archive: string,
  { busybox }: { readonly busybox: string | undefined },
): Promise<readonly string[]> {
  const { path, bytes } = await findBusybox(busybox === undefined ? usualPlaces : [busybox]);
  const listed = await runProgram([path, '--list']);
  const commands = listed.stdout.toString('utf8').split('\n').filter(Boolean);
  if (listed.exitCode !== 0 || !commands.includes('sh')) {
    throw new UsageError(`${path} is no busybox: '${path} --list' does not name a shell`);
  }
  const images = baseImages({ bytes, commands }, imageArchitecture());
  await writeFile(archive, await layoutArchive(await imageLayout(images)));
  return images.map(({ name }) => name);
}

async function findBusybox(places: readonly string[]): Promise<{ path: string; bytes: Buffer }> {
  for (const path of places) {
    const bytes = await readFile(path).catch(() => null);
    if (bytes === null) continue;
    if (!isStatic(bytes)) {
      throw new UsageError(
        `${path} is no static program, and an image of it would lack its libraries: install busybox-static, or name another with --busybox`,
      );
    }
    return { path, bytes };
  }
  throw new UsageError(
    `no busybox at ${places.join(', ')}: install busybox-static, or name one with --busybox`,
  );
}

/** Whether a 64-bit ELF program asks for no interpreter, which is what loads libraries (elf(5): PT_INTERP). */
function isStatic(program: Buffer): boolean {
  const interpreterHeader = 3;
  if (program.length < 64 || program.toString('latin1', 0, 4) !== '\x7fELF') return false;
  const headersAt = Number(program.readBigUInt64LE(0x20));
  const headerBytes = program.readUInt16LE(0x36);
  const headerCount = program.readUInt16LE(0x38);
  for (let index = 0; index < headerCount; index += 1) {
    const at = headersAt + index * headerBytes;
    if (at + 4 > program.length) return false;
    if (program.readUInt32LE(at) === interpreterHeader) return false;
  }
  return true;
}
