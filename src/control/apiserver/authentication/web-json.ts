import type { WebClient } from '../../../rpc/web-client.js';
import type { JsonFetcher } from './jwt/issuer-keys.js';

/** Bytes that a document of an issuer may have. */
const documentBytesMax = 1 << 20;
const timeoutMs = 30_000;

/** Reads JSON documents over verified TLS; `caPem` is who signs the issuer's certificate, '' for the authorities that node trusts. */
export function webJsonFetcher(client: WebClient, caPem: string): JsonFetcher {
  return async (url) => {
    const response = await client.request({
      url,
      headers: { accept: 'application/json' },
      tls: caPem === '' ? {} : { ca: caPem },
      timeoutMs,
    });
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
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  };
}
