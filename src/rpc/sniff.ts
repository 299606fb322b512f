import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.js';

/** The protocols that share a port. */
export type SniffedProtocol = 'http2' | 'http1';

/** RFC 9113 section 3.4: what every HTTP/2 client sends first, whatever it knows of the server. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** No HTTP/1.1 method starts like this, so nobody has to send more of the preface before being recognised. */
const decisiveBytes = 4;

/**
 * Tells by its first bytes which protocol a connection speaks, and puts the bytes back. Null: it closed, or kept silent
 * for `timeoutMs` (then it is destroyed).
 */
export function sniffProtocol(
  connection: Duplex,
  options: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<SniffedProtocol | null> {
  return new Promise((resolve) => {
    let seen: Buffer = Buffer.alloc(0);
    const settle = (result: SniffedProtocol | null) => {
      options.clock.clearTimer(timer);
      connection.off('readable', onReadable);
      connection.off('close', onClose);
      connection.off('end', onClose);
      if (result !== null) connection.unshift(seen);
      resolve(result);
    };
    const onClose = () => {
      connection.destroy();
      settle(null);
    };
    const onReadable = () => {
      const chunk: Buffer | null = connection.read();
      if (chunk === null) return;
      seen = Buffer.concat([seen, chunk]);
      const length = Math.min(seen.length, decisiveBytes);
      if (!seen.subarray(0, length).equals(preface.subarray(0, length))) settle('http1');
      else if (length === decisiveBytes) settle('http2');
    };
    const timer = options.clock.setTimer(options.timeoutMs, onClose);
    connection.on('readable', onReadable);
    connection.on('close', onClose);
    connection.on('end', onClose);
  });
}
