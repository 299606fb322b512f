import type { WebClient } from '../../../../rpc/web-client.js';
import type { WebhookPoster } from './webhook-caller.js';
import { WebhookCredentials } from './webhook-credentials.js';

/** Bytes that an answer may have. */
const answerBytesMax = 16 << 20;

/** Posts by HTTPS with kept connections, as whom `credentials` say. */
export function webPoster(client: WebClient, credentials = WebhookCredentials.none): WebhookPoster {
  return async ({ url, body, caPem, serverName, credentialsFor, timeoutMs, signal }) => {
    const { certificatePem, keyPem, authorization } = credentials.of(credentialsFor);
    const response = await client.request({
      url,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(authorization !== '' && { authorization }),
      },
      body,
      tls: {
        ...(caPem !== '' && { ca: caPem }),
        ...(serverName !== '' && { serverName }),
        ...(certificatePem !== '' && { cert: certificatePem, key: keyPem }),
      },
      timeoutMs,
      signal,
    });
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body) {
      size += chunk.length;
      if (size > answerBytesMax)
        throw new Error(`the answer has more than ${answerBytesMax} bytes`);
      chunks.push(chunk);
    }
    return { status: response.status, body: Buffer.concat(chunks) };
  };
}
