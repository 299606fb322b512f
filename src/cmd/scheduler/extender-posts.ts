import type {
  ExtenderConfiguration,
  ExtenderPost,
  ExtenderPostOf,
  ExtenderTls,
} from '../../control/scheduler/index.js';
import { readTextFile } from '../../host/text-file.js';
import type { WebClient, WebClientTls } from '../../rpc/web-client.js';
import { UsageError } from '../usage-error.js';

/** Bytes that an answer may have: nodes of a large cluster come back whole. */
const answerBytesMax = 64 << 20;

/** Reads the files that extenders' configurations name. Rejects with UsageError for one that cannot be read. */
export async function extenderPosts(
  extenders: readonly ExtenderConfiguration[],
  client: WebClient,
): Promise<ExtenderPostOf> {
  const posts = new Map<ExtenderConfiguration, ExtenderPost>();
  for (const extender of extenders) posts.set(extender, postBy(client, await tlsOf(extender)));
  return (extender) => posts.get(extender) ?? postBy(client, {});
}

function postBy(client: WebClient, tls: WebClientTls): ExtenderPost {
  return async ({ url, body, timeoutMs, signal }) => {
    const response = await client.request({
      ...{ url, method: 'POST', body, tls, timeoutMs, signal },
      headers: { 'content-type': 'application/json' },
    });
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body) {
      size += chunk.length;
      if (size > answerBytesMax)
        throw new Error(`the answer of ${url} has more than ${answerBytesMax} bytes`);
      chunks.push(chunk);
    }
    return { status: response.status, body: Buffer.concat(chunks) };
  };
}

/** As in Kubernetes, `enableHTTPS` without an authority takes any certificate. */
async function tlsOf({
  tls,
  enableHttps,
  urlPrefix,
}: ExtenderConfiguration): Promise<WebClientTls> {
  const [ca, cert, key] = await Promise.all([
    pemOf(tls, 'ca', urlPrefix),
    pemOf(tls, 'cert', urlPrefix),
    pemOf(tls, 'key', urlPrefix),
  ]);
  return {
    ...(ca !== '' && { ca }),
    ...(cert !== '' && { cert }),
    ...(key !== '' && { key }),
    ...(tls.serverName !== '' && { serverName: tls.serverName }),
    isUnverified: tls.insecure || (enableHttps && ca === ''),
  };
}

async function pemOf(
  tls: ExtenderTls,
  what: 'ca' | 'cert' | 'key',
  urlPrefix: string,
): Promise<string> {
  const data = tls[`${what}Data`];
  if (data !== '') return Buffer.from(data, 'base64').toString();
  const path = tls[`${what}File`];
  if (path === '') return '';
  return await readTextFile(path).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `--config: extender ${JSON.stringify(urlPrefix)}: cannot read ${path}: ${reason}`,
      { cause: error },
    );
  });
}
