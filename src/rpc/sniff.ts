import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.js';

/** The protocols that share a port. */
export type SniffedProtocol = 'http2' | 'http1';

/** RFC 9113 section 3.4: what every HTTP/2 client sends first, whatever it knows of the server. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** No HTTP/1.1 method starts like this, so nobody has to send more of the preface before being recognised. */
const decisiveBytes = 4;

/** The first byte of a TLS handshake record (RFC 8446 section 5.1). No HTTP begins with it. */
const tlsHandshake = 0x16;

/** Tells by its first byte whether a connection begins with a TLS handshake, and puts it back. Null as of {@link sniffProtocol}. */
export function sniffTls(connection: Duplex, options: SniffOptions): Promise<boolean | null> {
  return sniff(connection, options, ([first]) => first === tlsHandshake);
}

/** What waiting for somebody's first bytes needs. */
export interface SniffOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/**
 * Tells by its first bytes which protocol a connection speaks, and puts the bytes back. Null: it closed, or kept silent
 * for `timeoutMs` (then it is destroyed).
 */
export function sniffProtocol(
  connection: Duplex,
  options: SniffOptions,
): Promise<SniffedProtocol | null> {
  return sniff(connection, options, (seen) => {
    const length = Math.min(seen.length, decisiveBytes);
    if (!seen.subarray(0, length).equals(preface.subarray(0, length))) return 'http1';
    return length === decisiveBytes ? 'http2' : undefined;
  });
}

/** `judge` is asked whenever bytes have come, with all of them, until it is sure. */
function sniff<T>(
  connection: Duplex,
  options: SniffOptions,
  judge: (seen: Buffer) => T | undefined,
): Promise<T | null> {
  return new Promise((resolve) => {
    let seen: Buffer = Buffer.alloc(0);
    const settle = (result: T | null) => {
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
      const result = judge(seen);
      if (result !== undefined) settle(result);
    };
    const timer = options.clock.setTimer(options.timeoutMs, onClose);
    connection.on('readable', onReadable);
    connection.on('close', onClose);
    connection.on('end', onClose);
  });
}
