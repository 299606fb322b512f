/** How gRPC writes values into header fields (gRPC over HTTP/2, "Requests" and "Responses"). */

const msPerUnit: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** Milliseconds of a `grpc-timeout` (at most eight digits and a unit), or null when it is not one. */
export function parseTimeout(value: string): number | null {
  const match = /^(\d{1,8})([HMSmun])$/.exec(value);
  return match === null ? null : Number(match[1]) * (msPerUnit[match[2] ?? ''] ?? 0);
}

/** A `grpc-timeout` of at least that many milliseconds, in the finest unit that holds it. */
export function formatTimeout(timeoutMs: number): string {
  for (const unit of ['n', 'u', 'm', 'S', 'M', 'H']) {
    const count = Math.ceil(timeoutMs / (msPerUnit[unit] ?? 1));
    if (count < 1e8) return `${Math.max(0, count)}${unit}`;
  }
  return '99999999H';
}

/**
 * A status message as `grpc-message` carries it: UTF-8, percent-encoded but for printable ASCII without `%`. Spaces at its
 * ends are encoded too, for HTTP does not keep them (RFC 9113 section 8.2.1).
 */
export function encodeStatusMessage(message: string): string {
  if (/^(?! )[\x20-\x24\x26-\x7e]*(?<! )$/.test(message)) return message;
  const bytes = new TextEncoder().encode(message);
  let encoded = '';
  bytes.forEach((byte, i) => {
    const isAtEnd = i === 0 || i === bytes.length - 1;
    const isPlain = byte >= (isAtEnd ? 0x21 : 0x20) && byte <= 0x7e && byte !== 0x25;
    encoded += isPlain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  });
  return encoded;
}

/** The message of a `grpc-message`. What is not percent-encoded as it should be stands as it is. */
export function decodeStatusMessage(value: string): string {
  if (!value.includes('%')) return value;
  const bytes: number[] = [];
  for (let i = 0; i < value.length; i++) {
    const hex = value[i] === '%' ? value.slice(i + 1, i + 3) : '';
    if (/^[0-9a-fA-F]{2}$/.test(hex)) {
      bytes.push(Number.parseInt(hex, 16));
      i += 2;
    } else {
      bytes.push(value.charCodeAt(i));
    }
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
