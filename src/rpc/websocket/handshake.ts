import { createHash } from 'node:crypto';
import type { WebRequest } from '../web.js';

/** RFC 6455 section 1.3: what the server shows that it speaks the protocol with. */
const proof = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Whether a request asks for a WebSocket. */
export function asksForWebSocket({ headers }: WebRequest): boolean {
  return /(^|,)\s*websocket\s*(,|$)/i.test(headers.get('upgrade') ?? '');
}

/** What the handshake leads to: the answer that opens it, or why it is refused. `protocol` is null when the client named none. */
export type Handshake =
  | { readonly kind: 'accepted'; readonly protocol: string | null; readonly answer: string }
  | { readonly kind: 'refused'; readonly status: number; readonly text: string };

/** Answers the opening handshake (RFC 6455 section 4.2) with the first protocol of the client's that is among `protocols`. */
export function answerHandshake(request: WebRequest, protocols: readonly string[]): Handshake {
  const refused = (status: number, text: string) => ({ kind: 'refused' as const, status, text });
  const { headers } = request;
  const key = headers.get('sec-websocket-key') ?? '';
  if (request.method !== 'GET') return refused(405, 'websocket: the method is not GET');
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) {
    return refused(400, 'websocket: Sec-WebSocket-Key is missing or wrong');
  }
  if (headers.get('sec-websocket-version') !== '13') {
    return refused(426, 'websocket: Sec-WebSocket-Version is not 13');
  }
  const asked = (headers.get('sec-websocket-protocol') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const protocol = asked.find((name) => protocols.includes(name)) ?? null;
  if (protocol === null && asked.length > 0) {
    return refused(
      400,
      `websocket: none of the protocols [${asked.join(' ')}] is spoken, but [${protocols.join(' ')}]`,
    );
  }
  const accept = createHash('sha1').update(`${key}${proof}`).digest('base64');
  const chosen = protocol === null ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
  const answer = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${chosen}\r\n`;
  return { kind: 'accepted', protocol, answer };
}
