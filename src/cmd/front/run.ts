import type { Logger } from '../../base/logger.js';
import { hostClock } from '../../host/clock.js';
import type { Address } from '../../host/net.js';
import { readTextFile } from '../../host/text-file.js';
import { WebClient, WebClientError, type WebClientTls } from '../../rpc/index.js';
import type { ParsedFlags } from '../program/flags.js';
import { UsageError } from '../usage-error.js';
import { type Health, TcpFront } from './tcp-front.js';

const askMs = 2000;

/** Passes connections on as the flags say, until the signal aborts. Rejects with UsageError, and with ListenError. */
export async function runFront(
  flags: ParsedFlags,
  { logger, signal }: { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const servers = flags.list('servers').map((text) => addressOf('servers', text));
  if (servers.length === 0) throw new UsageError('--servers: give at least one ADDRESS:PORT');
  const listen = flags.list('listen').map((text) => addressOf('listen', text));
  const ca = flags.text('certificate-authority');
  const tls: WebClientTls =
    ca === '' ? { isUnverified: true } : { ca: await readTextFile(ca), serverName: 'kubernetes' };
  const clock = hostClock;
  const web = new WebClient({ clock });
  const front = new TcpFront({
    ...{ servers, clock, logger },
    healthOf: (server) => healthOf(web, tls, server),
  });
  for (const address of listen) await front.listen(address);
  logger.info('passing connections on', { listen: flags.list('listen') });
  try {
    await front.run(signal);
  } finally {
    web.close();
  }
}

async function healthOf(web: WebClient, tls: WebClientTls, server: Address): Promise<Health> {
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  try {
    const url = `https://${host}:${server.port}/readyz`;
    const response = await web.request({ url, tls, timeoutMs: askMs });
    for await (const _ of response.body); // Read to its end the connection is kept.
    return response.status === 200 ? 'ready' : 'unready';
  } catch (error) {
    if (!(error instanceof WebClientError)) throw error;
    return error.code === 'timeout' ? 'silent' : 'gone';
  }
}

function addressOf(flag: string, text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || !(port > 0 && port < 65_536))
    throw new UsageError(`--${flag}: ${JSON.stringify(text)} is no ADDRESS:PORT`);
  return { host, port };
}
