import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { RpcError, Status } from '../service.js';

/** PEM texts for TLS, as a channel is given them. */
export interface ChannelTls {
  /** Who signs servers' certificates. Without it the system's authorities count. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name expected in the server's certificate, when it is not the endpoint's host. */
  readonly serverName?: string;
  /** Takes any server certificate. For tests only. */
  readonly isUnverified?: boolean;
}

/** Where a channel connects to. */
export interface Endpoint {
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  /** Opens a connection; it is usable after `readyEvent`. */
  open(): Duplex;
  readonly readyEvent: 'connect' | 'secureConnect';
}

/**
 * Understands `http://host:port`, `https://host:port`, `unix:path`, `unix:///path` and plain `host:port`. Throws
 * `invalidArgument` for others.
 */
export function parseEndpoint(text: string, options: ChannelTls): Endpoint {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
    return plain('localhost', () => net.connect({ path }));
  }
  const match = /^(?:(https?):\/\/)?(\[[^\]]+\]|[^/\s:[\]]+)(?::(\d+))?\/?$/.exec(text);
  const [, scheme, host = '', port] = match ?? [];
  if (match === null || (scheme === undefined && port === undefined)) {
    throw new RpcError(
      Status.invalidArgument,
      `cannot use endpoint ${JSON.stringify(text)}: write http://HOST:PORT or https://HOST:PORT`,
    );
  }
  const where = {
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port ?? (scheme === 'https' ? 443 : 80)),
    noDelay: true,
  };
  const authority = options.serverName ?? `${host}${port === undefined ? '' : `:${port}`}`;
  if (scheme !== 'https') return plain(authority, () => net.connect(where));
  return {
    scheme: 'https',
    authority,
    readyEvent: 'secureConnect',
    open: () => tls.connect({ ...where, ...tlsOptions(where.host, options) }),
  };
}

function plain(authority: string, open: () => Duplex): Endpoint {
  return { scheme: 'http', authority, readyEvent: 'connect', open };
}

function tlsOptions(host: string, options: ChannelTls): tls.ConnectionOptions {
  const { ca, cert, key, isUnverified } = options;
  const name = options.serverName ?? host;
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    // RFC 6066 section 3: addresses are no server names.
    ...(net.isIP(name) === 0 && { servername: name }),
    rejectUnauthorized: isUnverified !== true,
    ALPNProtocols: ['h2'],
    minVersion: 'TLSv1.2',
  };
}
