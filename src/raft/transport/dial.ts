import {
  type ByteStream,
  type ByteStreamHandler,
  connectStream,
  type StreamAddress,
  type TlsMaterial,
} from '../../host/net.js';

/** Opens a connection to a peer URL; failures show as `onClose`. */
export type Dial = (url: string, handler: ByteStreamHandler & { onConnect(): void }) => ByteStream;

/** Dials peer URLs: http and unix are plain, https and unixs are TLS with what `tls` gives at that time. */
export function peerDial(tls: () => TlsMaterial | null): Dial {
  return (url, handler) => {
    return connectStream(peerAddress(url), isTlsUrl(url) ? (tls() ?? {}) : null, handler);
  };
}

/** Whether a URL of etcd's says that TLS is spoken there. */
export function isTlsUrl(url: string): boolean {
  return /^(https|unixs):/.test(url);
}

/** Where a peer URL leads (validated before): host and port, or what follows `unix://` as a path. */
export function peerAddress(url: string): StreamAddress {
  const local = /^unixs?:\/\/(.+)$/.exec(url)?.[1];
  if (local !== undefined) return { path: local };
  const { hostname, port, protocol } = new URL(url);
  const fallback = protocol === 'https:' ? 443 : 80;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? fallback : Number(port),
  };
}
