import type { Node } from '../gen/core-v1.js';

/** On a node: the folders, with commas, in which its kubelet removes volumes of the host-path provisioner when it is asked to. */
export const hostPathFolders = 'flotilla.dev/host-path-folders';

/** On a node, with the name of a volume behind it: its folder there is to be removed. The kubelet takes it away when that is done. */
export const hostPathRemovalPrefix = 'remove.host-path.flotilla.dev/';

/** Whether a node's kubelet removes the folder of a volume. */
export function removesHostPath({ metadata }: Node, path: string): boolean {
  const folders = metadata.annotations?.[hostPathFolders]?.split(',') ?? [];
  return folders.includes(path.slice(0, path.lastIndexOf('/')));
}

/** Whether a path is one that the provisioner makes for a volume, in one of these folders. */
export function isHostPathOf(volume: string, path: string, folders: readonly string[]): boolean {
  if (!/^pvc-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(volume)) return false;
  return folders.some((folder) => path === `${folder}/${volume}`);
}
