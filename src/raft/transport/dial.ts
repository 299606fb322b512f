import {
  type ByteStream,
  type ByteStreamHandler,
  connectStream,
  type TlsMaterial,
} from '../../host/net.js';

/** Opens a connection to a peer URL; failures show as `onClose`. */
export type Dial = (url: string, handler: ByteStreamHandler & { onConnect(): void }) => ByteStream;

/** Dials peer URLs: http is plain, https is TLS with this material. */
export function peerDial(tls: TlsMaterial | null): Dial {
  return (url, handler) => {
    const { protocol } = new URL(url);
    return connectStream(peerAddress(url), protocol === 'https:' ? (tls ?? {}) : null, handler);
  };
}

/** Host and port of a peer URL (validated before). */
export function peerAddress(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port, protocol } = new URL(url);
  const fallback = protocol === 'https:' ? 443 : 80;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? fallback : Number(port),
  };
}
