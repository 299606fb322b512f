import { ConnectionFault } from './errors.js';
import { ErrorCode } from './protocol.js';

/**
 * How many octets of padding end a padded payload, whose first octet says it (RFC 9113 sections 6.1 and 6.2). Throws
 * ConnectionFault when they do not fit.
 */
export function paddingOf(bytes: Uint8Array, start: number, end: number): number {
  const padding = start < end ? (bytes[start] as number) : 0;
  if (padding >= end - start) {
    throw new ConnectionFault(ErrorCode.protocolError, 'the padding is longer than the frame');
  }
  return padding;
}
