import type { Clock } from '../../../base/clock.js';
import type { WebClient, WebClientResponse } from '../../../rpc/web-client.js';
import { WebClientError } from '../../../rpc/web-errors.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { genericServerResponse } from '../../machinery/generic-server-response.js';
import type { StatusError } from '../../machinery/status.js';
import { badRequest, failure, internalError } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import { openMessages, wantsMessages } from '../message-answer.js';
import { chooseContainer } from './container-choice.js';
import { type ForwardTarget, failureText, relayAnswer, urlOf } from './forward.js';
import type { Kubelets } from './kubelets.js';
import { parseLogOptions } from './log-options.js';

/** Characters of a kubelet's refusal that are passed on. */
const refusalCharactersMax = 50_000;

/** GET of pods/log: what a container has written, from its kubelet; 204 while the pod is on no node. */
export async function sendLog(
  exchange: Exchange,
  pod: Pod,
  {
    kubelets,
    web,
    clock,
  }: { readonly kubelets: Kubelets; readonly web: WebClient; readonly clock: Clock },
): Promise<void> {
  const { namespace, name } = exchange.info;
  const options = parseLogOptions(exchange.query, name);
  const container = chooseContainer(pod, options.container);
  const nodeName = pod.spec?.nodeName ?? '';
  if (nodeName === '') {
    exchange.start(204, {});
    exchange.end();
    return;
  }
  const found = await kubelets.backendOf(nodeName);
  const tls = options.isInsecure ? { ...withoutCa(found.tls), isUnverified: true } : found.tls;
  const query = options.kubeletQuery.toString();
  const target: ForwardTarget = {
    backend: { ...found, tls },
    path: `/containerLogs/${namespace}/${name}/${container}${query === '' ? '' : `?${query}`}`,
  };
  const response = await ask(exchange, target, web);
  if (response.status < 200 || response.status > 206) throw await refusalOf(response, name);
  if (wantsMessages(exchange)) return relayMessages(exchange, response, clock);
  await relayAnswer(exchange, response, {
    'content-type': response.headers.get('content-type') ?? 'text/plain',
  });
}

/** The protocols of one stream of bytes in messages; without one they are binary too. */
const streamProtocols = { binary: 'binary.k8s.io', base64: 'base64.binary.k8s.io' } as const;

/** Hands an answer on in messages as it comes, to who asked for a WebSocket. An empty message says first that it is there. */
async function relayMessages(
  exchange: Exchange,
  response: WebClientResponse,
  clock: Clock,
): Promise<void> {
  const answer = openMessages(exchange, Object.values(streamProtocols), clock);
  if (answer === null) return response.cancel();
  const isText = answer.protocol === streamProtocols.base64;
  answer.signal.addEventListener('abort', () => response.cancel(), { once: true });
  try {
    await answer.send(new Uint8Array(), { isText });
    for await (const chunk of response.body) {
      await answer.send(isText ? inBase64(chunk) : chunk, { isText });
    }
  } catch (error) {
    // Cut off by either side: the end of the messages says so.
    if (!(error instanceof WebClientError)) throw error;
  }
  await answer.end();
}

function inBase64(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, byteLength } = bytes;
  return Buffer.from(Buffer.from(buffer, byteOffset, byteLength).toString('base64'));
}

function withoutCa({
  ca: _,
  ...tls
}: {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}) {
  return tls;
}

async function ask(
  exchange: Exchange,
  target: ForwardTarget,
  web: WebClient,
): Promise<WebClientResponse> {
  const { backend } = target;
  const url = urlOf(target);
  try {
    return await web.request({ url, tls: backend.tls, signal: exchange.signal });
  } catch (error) {
    if (!(error instanceof WebClientError)) throw error;
    throw failure(500, '', `Get ${JSON.stringify(url)}: ${failureText(error, target)}`);
  }
}

/** What the kubelet refuses, said in its words. */
async function refusalOf(response: WebClientResponse, podName: string): Promise<StatusError> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length >= refusalCharactersMax) break;
  }
  text = text.slice(0, refusalCharactersMax);
  if (response.status === 500) return internalError(new Error(text));
  if (response.status === 400) return badRequest(text);
  return genericServerResponse({
    code: response.status,
    verb: '',
    resource: { group: '', resource: 'pods' },
    name: podName,
    serverMessage: text,
    retryAfterSeconds: 0,
    isUnexpected: false,
  });
}
