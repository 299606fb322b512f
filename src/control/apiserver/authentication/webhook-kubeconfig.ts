import { parse } from 'yaml';
import type { WebClient } from '../../../rpc/web-client.js';

/** A kubeconfig that cannot be used to reach a webhook. */
export class WebhookKubeconfigError extends Error {
  override readonly name = 'WebhookKubeconfigError';
}

/** A webhook answered with something else than 2xx. */
export class WebhookStatusError extends Error {
  override readonly name = 'WebhookStatusError';
  readonly status: number;
  /** Whether it asks to be asked again (`Retry-After`). */
  readonly mayRepeat: boolean;

  constructor(status: number, mayRepeat: boolean) {
    super(`the webhook answers with status ${status}`);
    this.status = status;
    this.mayRepeat = mayRepeat;
  }
}

/** Where a webhook of authentication, authorization or image policies is, and as whom it is asked. PEM texts; '' without. */
export interface WebhookTarget {
  readonly url: string;
  readonly caPem: string;
  readonly serverName: string;
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly token: string;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the kubeconfig that --authentication-token-webhook-config-file and --authorization-webhook-config-file name: the cluster and
 * user of its current context. Files that it names are read by `readFile`. Rejects with {@link WebhookKubeconfigError}.
 */
export async function readWebhookKubeconfig(
  text: string,
  readFile: (path: string) => Promise<string>,
): Promise<WebhookTarget> {
  let config: Fields;
  try {
    config = fieldsOf(parse(text));
  } catch (error) {
    throw new WebhookKubeconfigError('the kubeconfig is no YAML', { cause: error });
  }
  const context = fieldsOf(
    named(config, 'contexts', String(config['current-context'] ?? '')).context,
  );
  const cluster = fieldsOf(named(config, 'clusters', String(context.cluster ?? '')).cluster);
  const hasUser = typeof context.user === 'string' && context.user !== '';
  const user = hasUser ? fieldsOf(named(config, 'users', String(context.user)).user) : {};
  const { server } = cluster;
  if (typeof server !== 'string' || !/^https?:\/\//.test(server))
    throw new WebhookKubeconfigError('the cluster of the kubeconfig has no server: give its URL');
  const pemOf = async (fields: Fields, field: string): Promise<string> => {
    const data = fields[`${field}-data`];
    if (typeof data === 'string' && data !== '')
      return Buffer.from(data, 'base64').toString('utf8');
    const path = fields[field];
    return typeof path === 'string' && path !== '' ? readFile(path) : '';
  };
  return {
    url: server,
    caPem: await pemOf(cluster, 'certificate-authority'),
    serverName: textOf(cluster['tls-server-name']),
    certificatePem: await pemOf(user, 'client-certificate'),
    keyPem: await pemOf(user, 'client-key'),
    token: textOf(user.token),
  };
}

/** Bytes that an answer may have. */
const answerBytesMax = 1 << 20;
const timeoutMsDefault = 30_000;

/** Asks the webhook with an object and answers the object that it sends back. Rejects when it does not answer with one in time. */
export function webhookReviewer<T extends object>(
  client: WebClient,
  target: WebhookTarget,
  { timeoutMs = timeoutMsDefault }: { readonly timeoutMs?: number } = {},
): (review: T) => Promise<T> {
  return async (review) => {
    const answer = await post(client, target, JSON.stringify(review), timeoutMs);
    return JSON.parse(answer) as T;
  };
}

/** Sends JSON to the webhook. Rejects when it does not take it; what it answers besides is of no interest. */
export function webhookSender(
  client: WebClient,
  target: WebhookTarget,
): (json: string) => Promise<void> {
  return async (json) => {
    await post(client, target, json, timeoutMsDefault);
  };
}

async function post(
  client: WebClient,
  { url, caPem, serverName, certificatePem, keyPem, token }: WebhookTarget,
  json: string,
  timeoutMs: number,
): Promise<string> {
  const response = await client.request({
    url,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(token !== '' && { authorization: `Bearer ${token}` }),
    },
    body: new TextEncoder().encode(json),
    tls: {
      ...(caPem !== '' && { ca: caPem }),
      ...(serverName !== '' && { serverName }),
      ...(certificatePem !== '' && { cert: certificatePem, key: keyPem }),
    },
    timeoutMs,
  });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > answerBytesMax)
      throw new Error(`the webhook's answer has more than ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  if (response.status < 200 || response.status > 299)
    throw new WebhookStatusError(response.status, response.headers.has('retry-after'));
  return Buffer.concat(chunks).toString('utf8');
}

function named(config: Fields, list: string, name: string): Fields {
  const entries = config[list];
  const found = Array.isArray(entries)
    ? entries.find((entry) => (entry as Fields | null)?.name === name)
    : undefined;
  if (found === undefined)
    throw new WebhookKubeconfigError(`the kubeconfig has no ${list} entry ${JSON.stringify(name)}`);
  return found as Fields;
}

function fieldsOf(value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new WebhookKubeconfigError('the kubeconfig has something else where an object belongs');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
