import type { NodeFiles, PathKind } from '../../../host/node-files.js';
import type { HostPathVolumeSource } from '../../api/gen/core-v1.js';

const wanted: Readonly<Record<string, { readonly kind: PathKind; readonly text: string }>> = {
  Directory: { kind: 'directory', text: 'is not a directory' },
  File: { kind: 'file', text: 'is not a file' },
  Socket: { kind: 'socket', text: 'is not a socket' },
  CharDevice: { kind: 'char-device', text: 'is not a character device' },
  BlockDevice: { kind: 'block-device', text: 'is not a block device' },
};

/** Sees to it that a path of the node is what the volume says it is. Rejects with Error. */
export async function prepareHostPath(
  files: NodeFiles,
  { path = '', type = '' }: HostPathVolumeSource,
): Promise<string> {
  const complain = (text: string) => new Error(`hostPath type check failed: ${path} ${text}`);
  const kind = await files.kindOf(path);
  if (type === 'DirectoryOrCreate') {
    if (kind === null) await files.makeDir(path, 0o755);
    else if (kind !== 'directory') throw complain('is not a directory');
  } else if (type === 'FileOrCreate') {
    if (kind === null) await files.writeWhole(path, new Uint8Array(), 0o644);
    else if (kind !== 'file') throw complain('is not a file');
  } else if (type !== '') {
    const rule = wanted[type];
    if (rule === undefined) throw new Error(`${JSON.stringify(type)} is not a valid volume type`);
    if (kind !== rule.kind) throw complain(rule.text);
  }
  return path;
}
