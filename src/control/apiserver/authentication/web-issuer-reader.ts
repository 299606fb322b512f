import type { WebClient } from '../../../rpc/web-client.js';
import type { IssuerReader } from './jwt/issuer-keys.js';

/** Bytes that a document of an issuer may have. */
const documentBytesMax = 1 << 20;
const timeoutMs = 30_000;

/** Reads documents over verified TLS; `caPem` is who signs the issuer's certificate, '' for the authorities that node trusts. */
export function webIssuerReader(client: WebClient, caPem: string): IssuerReader {
  const read = async (url: string, headers: Readonly<Record<string, string>>): Promise<string> => {
    const tls = caPem === '' ? {} : { ca: caPem };
    const response = await client.request({ url, headers, tls, timeoutMs });
    if (response.status !== 200) {
      response.cancel();
      throw new Error(`${url} answers with status ${response.status}`);
    }
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body) {
      size += chunk.length;
      if (size > documentBytesMax)
        throw new Error(`${url} has more than ${documentBytesMax} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  };
  return {
    json: async (url) => JSON.parse(await read(url, { accept: 'application/json' })) as unknown,
    text: (url, bearerToken) =>
      read(url, bearerToken === '' ? {} : { authorization: `Bearer ${bearerToken}` }),
  };
}
