import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebHeaders } from '../web.js';
import { checkField, checkStatus } from '../web-fields.js';

/** Fields that ask for an upgrade. */
const upgradeNames: ReadonlySet<string> = new Set(['connection', 'upgrade', 'http2-settings']);

/**
 * Undoes the reading of a request that asked for an upgrade which nobody gives: what the client sent is put back without the
 * question, to be read again and answered as any other (RFC 9110 section 7.8).
 */
export function putBackWithoutUpgrade(
  message: IncomingMessage,
  socket: Duplex,
  head: Uint8Array,
): void {
  const { rawHeaders } = message;
  let text = `${message.method} ${message.url} HTTP/${message.httpVersion}\r\n`;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (!upgradeNames.has(name.toLowerCase())) text += `${name}: ${rawHeaders[i + 1]}\r\n`;
  }
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]));
}

/** Answers a request for an upgrade with something else, and closes the connection. Throws WebHeadError. */
export function answerUpgrade(
  socket: Duplex,
  {
    status,
    headers,
    body,
  }: { readonly status: number; readonly headers: WebHeaders; readonly body: Uint8Array },
): void {
  checkStatus(status);
  let text = `HTTP/1.1 ${status} \r\nconnection: close\r\ncontent-length: ${body.length}\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    for (const one of typeof value === 'string' ? [value] : value) {
      checkField(name, one);
      text += `${name}: ${one}\r\n`;
    }
  }
  socket.write(Buffer.from(`${text}\r\n`, 'latin1'));
  socket.end(body);
}
