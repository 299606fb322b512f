import type { Logger } from '../../base/logger.js';
import { type Client, connect } from '../../client/index.js';
import { readTextFile } from '../../host/text-file.js';
import { usedFlags } from './flag-rows.js';
import type { Flag, ParsedFlags } from './flags.js';

/** Where the store is, for programs that are elected by it. The names are kube-apiserver's. */
export const storeFlags: readonly Flag[] = usedFlags([
  [
    'etcd-servers',
    'list',
    '',
    'URLs of the store, by which the leader is elected; without them a Lease object of the API elects it, and old leaders are not fenced.',
  ],
  ['etcd-cafile', 'string', '', "CA of the store's certificates (PEM)."],
  ['etcd-certfile', 'string', '', 'Client certificate for the store (PEM).'],
  ['etcd-keyfile', 'string', '', 'Key of the client certificate for the store (PEM).'],
]);

/** A client of the store that the flags name; null when they name none. */
export async function connectStore(
  flags: ParsedFlags,
  { requestMs, logger }: { readonly requestMs: number; readonly logger: Logger },
): Promise<Client | null> {
  const endpoints = flags.list('etcd-servers');
  if (endpoints.length === 0) return null;
  const tls = await storeTls(flags);
  return connect({ endpoints, logger, timeouts: { requestMs }, ...(tls === null ? {} : { tls }) });
}

async function storeTls(
  flags: ParsedFlags,
): Promise<{ ca?: string; cert?: string; key?: string } | null> {
  const tls: { ca?: string; cert?: string; key?: string } = {};
  const read = (name: string) => readTextFile(flags.text(name));
  if (flags.text('etcd-cafile') !== '') tls.ca = await read('etcd-cafile');
  if (flags.text('etcd-certfile') !== '') tls.cert = await read('etcd-certfile');
  if (flags.text('etcd-keyfile') !== '') tls.key = await read('etcd-keyfile');
  return Object.keys(tls).length === 0 ? null : tls;
}
