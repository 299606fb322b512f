import type { WebRequest } from '../../../../rpc/web.js';

const protocolHeader = 'x-stream-protocol-version';

/** Whether a request asks for SPDY. */
export function asksForSpdy({ headers }: WebRequest): boolean {
  return /(^|,)\s*spdy\/3\.1\s*(,|$)/i.test(headers.get('upgrade') ?? '');
}

/** What the handshake leads to: the answer that opens the connection, or why it is refused. */
export type SpdyHandshake =
  | { readonly kind: 'accepted'; readonly protocol: string; readonly answer: string }
  | { readonly kind: 'refused'; readonly status: number; readonly text: string };

/** Answers an upgrade to SPDY with the first protocol of the client's that is among `protocols`. Who names none gets `fallback`. */
export function answerSpdyHandshake(
  { headers }: WebRequest,
  protocols: readonly string[],
  fallback: string,
): SpdyHandshake {
  const asked = (headers.get(protocolHeader) ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const protocol = asked.length === 0 ? fallback : asked.find((name) => protocols.includes(name));
  if (protocol === undefined) {
    const text = `unable to upgrade: unable to negotiate protocol: client supports [${asked.join(' ')}], server accepts [${protocols.join(' ')}]`;
    return { kind: 'refused', status: 403, text };
  }
  const chosen = asked.length === 0 ? '' : `X-Stream-Protocol-Version: ${protocol}\r\n`;
  const answer = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n${chosen}\r\n`;
  return { kind: 'accepted', protocol, answer };
}
