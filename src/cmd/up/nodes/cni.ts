import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cniConfig } from '../../../control/network/index.js';
import { fileFacts, readTextIfPresent } from '../../../host/state-files.js';
import { writePrivate } from '../../credentials/write-private.js';
import type { PlannedNode } from './planned-node.js';

const places = ['/opt/cni/bin', '/usr/lib/cni', '/usr/libexec/cni'];
const plugins = ['bridge', 'host-local', 'portmap', 'loopback'];

/** Where the plugins are that connect pods; null when some are missing. */
export async function cniBinDir(): Promise<string | null> {
  for (const place of places) {
    const facts = await Promise.all(plugins.map((name) => fileFacts(join(place, name))));
    if (facts.every((each) => each !== null)) return place;
  }
  return null;
}

/** Where a node's configuration of its pods' network is. */
export function cniConfDir(node: PlannedNode): string {
  return join(node.dir, 'cni');
}

/** Tells the plugins of a node which addresses its pods have. */
export async function writeCniConfig(
  node: PlannedNode,
  podCidrs: readonly string[],
): Promise<void> {
  const dataDir = join(node.dir, 'cni-addresses');
  const { fileName, text } = cniConfig({ podCidrs, dataDir });
  const path = join(cniConfDir(node), fileName);
  if ((await readTextIfPresent(path)) === text) return;
  await mkdir(cniConfDir(node), { recursive: true });
  await writePrivate(path, text);
}
