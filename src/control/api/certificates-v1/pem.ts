/** What stands between the lines that begin and end a block of PEM (RFC 7468). */
export interface PemBlock {
  readonly type: string;
  readonly hasHeaders: boolean;
  readonly bytes: Uint8Array;
}

const block = /-----BEGIN ([^\n\r-]*)-----[ \t]*\r?\n([\s\S]*?)-----END \1-----/g;

/** The blocks of a text, in order; what is between them is skipped, and what is no base64 is no block. */
export function readPem(text: string): readonly PemBlock[] {
  return [...text.matchAll(block)].flatMap(([, type = '', body = '']) => {
    const lines = body.split(/\r?\n/);
    const hasHeaders = lines.some((line) => line.includes(':'));
    const base64 = lines
      .filter((line) => !line.includes(':'))
      .join('')
      .replace(/\s/g, '');
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return [];
    return [{ type, hasHeaders, bytes: Buffer.from(base64, 'base64') }];
  });
}
