import type { TlsMaterial } from '../../host/net.js';
import { readTextFile } from '../../host/text-file.js';
import type { ListenerTls } from '../../rpc/index.js';
import type { TlsFiles } from './settings.js';

/** What this member serves peers and dials them with; null: without TLS. */
export async function peerTlsOf(files: TlsFiles | null): Promise<TlsMaterial | null> {
  if (files === null) return null;
  const [cert, key] = await Promise.all([
    readTextFile(files.certFile),
    readTextFile(files.keyFile),
  ]);
  const ca = files.caFile === '' ? {} : { ca: await readTextFile(files.caFile) };
  return { cert, key, ...ca, requireClientCert: files.clientCertAuth };
}

/** What this member serves clients with; null: without TLS. */
export async function clientTlsOf(files: TlsFiles | null): Promise<ListenerTls | null> {
  if (files === null) return null;
  const [cert, key] = await Promise.all([
    readTextFile(files.certFile),
    readTextFile(files.keyFile),
  ]);
  const clientCa = files.caFile === '' ? null : await readTextFile(files.caFile);
  return { cert, key, clientCa, clientCertAuth: files.clientCertAuth };
}
