import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, lchown, link, lstat, mkdir, readdir, rm, symlink, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { resolveInside } from './inside-root.js';

/** Whiteouts as layers of images have them: a name that hides one, and one that hides all that was in its directory. */
const whiteoutPrefix = '.wh.';
const opaqueWhiteout = '.wh..wh..opq';

/** An entry of an archive: its bytes, and what it is. */
interface TarEntry extends AsyncIterable<unknown> {
  readonly header: Header;
}

/**
 * Unpacks a tar archive, gzipped or not, over what a directory has. No entry lands outside of it, whatever its name or the
 * links before it say. As the superuser owners are kept. With `isLayer`, whiteouts remove what they name.
 * Resolves with the digest of the archive as it is unzipped. Rejects with the operating system's error or the archive's.
 */
export async function unpackTar(
  archive: string,
  root: string,
  options: { readonly isLayer: boolean },
): Promise<string> {
  const keepsOwners = process.geteuid?.() === 0;
  const entries = extract();
  const source = createReadStream(archive);
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const feeding = (await isGzip(archive))
    ? pipeline(source, createGunzip(), hashing, entries)
    : pipeline(source, hashing, entries);
  feeding.catch(() => undefined);
  for await (const entry of entries) {
    await unpackEntry(root, entry, { ...options, keepsOwners });
    entry.resume();
  }
  await feeding;
  return `sha256:${hash.digest('hex')}`;
}

async function unpackEntry(
  root: string,
  entry: TarEntry,
  options: { readonly isLayer: boolean; readonly keepsOwners: boolean },
): Promise<void> {
  const { header } = entry;
  const name = basename(header.name);
  const parent = await makeInside(root, dirname(join('/', header.name)));
  if (options.isLayer && name === opaqueWhiteout) {
    for (const old of await readdir(join(root, parent))) await remove(join(root, parent, old));
    return;
  }
  if (options.isLayer && name.startsWith(whiteoutPrefix)) {
    const hidden = name.slice(whiteoutPrefix.length);
    if (hidden !== '' && hidden !== '.' && hidden !== '..')
      await remove(join(root, parent, hidden));
    return;
  }
  if (name === '' || name === '.' || name === '..') return;
  const path = join(root, parent, name);
  if (!(await make(root, path, entry))) return;
  if (options.keepsOwners) await lchown(path, header.uid ?? 0, header.gid ?? 0);
  if (header.type === 'symlink' || header.type === 'link') return;
  await chmod(path, (header.mode ?? 0o644) & 0o7777);
  if (header.mtime !== undefined) await utimes(path, header.mtime, header.mtime);
}

/** False for what is not made: devices, which containers have from the node. */
async function make(root: string, path: string, entry: TarEntry): Promise<boolean> {
  const { header } = entry;
  const present = await lstat(path).catch(() => null);
  switch (header.type) {
    case 'directory':
      if (present?.isDirectory()) return true;
      await remove(path);
      await mkdir(path);
      return true;
    case 'file':
    case 'contiguous-file':
      // A new file, since the old one may be another layer's too.
      await remove(path);
      await pipeline(entry, createWriteStream(path, { flags: 'wx' }));
      return true;
    case 'symlink':
      await remove(path);
      await symlink(header.linkname ?? '', path);
      return true;
    case 'link': {
      const target = join('/', header.linkname ?? '');
      const folder = await resolveInside(root, dirname(target));
      if (folder === null) throw new Error(`link to '${target}', which is not there`);
      await remove(path);
      await link(join(root, folder, basename(target)), path);
      return true;
    }
    default:
      return false;
  }
}

/** The directory that a path means within the root, links followed within it; what is absent is made. */
async function makeInside(root: string, path: string): Promise<string> {
  let at = '/';
  for (const name of path.split('/').filter(Boolean)) {
    const next = join(at, name);
    const found = await resolveInside(root, next);
    if (found === null) {
      await remove(join(root, next));
      await mkdir(join(root, next));
    }
    at = found ?? next;
  }
  return at;
}

function remove(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true });
}

async function isGzip(path: string): Promise<boolean> {
  for await (const chunk of createReadStream(path, { end: 1 })) {
    const bytes = chunk as Buffer;
    return bytes[0] === 0x1f && bytes[1] === 0x8b;
  }
  return false;
}
