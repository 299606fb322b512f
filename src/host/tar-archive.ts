import { type Header, pack } from 'tar-stream';

/** What an archive has at a path. */
export interface ArchiveEntry {
  /** Without a leading slash. */
  readonly path: string;
  readonly mode: number;
  readonly content:
    | { readonly kind: 'directory' }
    | { readonly kind: 'file'; readonly bytes: Uint8Array }
    | { readonly kind: 'link'; readonly target: string };
}

/** A tar archive of these entries, in order, all of the superuser and of 1970: the same entries give the same bytes. */
export async function packTar(entries: readonly ArchiveEntry[]): Promise<Uint8Array> {
  const archive = pack();
  for (const entry of entries) {
    const { content } = entry;
    archive.entry(headerOf(entry), content.kind === 'file' ? Buffer.from(content.bytes) : '');
  }
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

function headerOf({ path, mode, content }: ArchiveEntry): Partial<Header> & { name: string } {
  const header = { name: path, mode, mtime: new Date(0), uid: 0, gid: 0 };
  switch (content.kind) {
    case 'directory':
      return { ...header, type: 'directory' };
    case 'file':
      return { ...header, type: 'file', size: content.bytes.length };
    case 'link':
      return { ...header, type: 'symlink', linkname: content.target };
  }
}
