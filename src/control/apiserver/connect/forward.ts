import type { Duplex } from 'node:stream';
import { joinConnections } from '../../../rpc/upgrade-answer.js';
import type { UpgradeOutcome, WebClient, WebClientResponse } from '../../../rpc/web-client.js';
import type { WebClientError } from '../../../rpc/web-errors.js';
import { askedProtocols } from '../authentication/bearer-token.js';
import type { Exchange } from '../exchange.js';
import { dialFailureText } from './dial-failure.js';
import { type Backend, hostPort } from './kubelets.js';

/** What another server is asked in the client's stead. */
export interface ForwardTarget {
  readonly backend: Backend;
  /** Percent-encoded, with its query. */
  readonly path: string;
}

/** Fields that are about one connection (RFC 9110 section 7.6.1), or between the client and this server alone. */
const ownFields: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const protocolField = 'sec-websocket-protocol';

/** The client's header fields that the other server is to see. Who asks is not its business. */
export function forwardedHeaders({ request }: Exchange): Record<string, string> {
  const named = fieldsNamedBy(request.headers.get('connection'));
  const headers: Record<string, string> = {};
  for (const [name, value] of request.headers) {
    const isOwn = ownFields.has(name) || named.has(name) || name.startsWith('impersonate-');
    if (!isOwn) headers[name] = value;
  }
  // A token that came as the name of a protocol is the client's as much as one in a header.
  const protocols = askedProtocols(request.headers).join(', ');
  if (protocols === '') delete headers[protocolField];
  else headers[protocolField] = protocols;
  const peer = request.remoteAddress.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const before = headers['x-forwarded-for'];
  headers['x-forwarded-for'] = before === undefined ? peer : `${before}, ${peer}`;
  return headers;
}

/** The other server's header fields that the client is to see. */
export function answeredHeaders({ headers }: WebClientResponse): Record<string, string> {
  const named = fieldsNamedBy(headers.get('connection'));
  const answered: Record<string, string> = {};
  for (const [name, value] of headers) {
    const isOwn = ownFields.has(name) && name !== 'content-length';
    if (!isOwn && !named.has(name)) answered[name] = value;
  }
  return answered;
}

function fieldsNamedBy(connection: string | undefined): ReadonlySet<string> {
  return new Set((connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
}

/** The URL that is asked. */
export function urlOf({ backend, path }: ForwardTarget): string {
  return `${backend.scheme}://${hostPort(backend)}${path}`;
}

/** Hands an answer on as it comes. */
export async function relayAnswer(
  exchange: Exchange,
  response: WebClientResponse,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  exchange.start(response.status, headers);
  if (exchange.request.method !== 'HEAD') {
    for await (const chunk of response.body) {
      const waiting = exchange.write(chunk);
      if (waiting !== undefined) await waiting;
      if (exchange.signal.aborted) break;
    }
  }
  exchange.end();
}

/**
 * Asks the other server for the protocol that the client wants, and joins the two connections; until one of them ends or `stopping` aborts.
 * What it answers instead is handed on. Rejects with WebClientError when it is not reached.
 */
export async function forwardUpgrade(
  exchange: Exchange,
  target: ForwardTarget,
  { web, stopping }: { readonly web: WebClient; readonly stopping: AbortSignal },
): Promise<void> {
  const { request } = exchange;
  const outcome = await web.openUpgrade({
    url: urlOf(target),
    method: request.method,
    headers: { ...forwardedHeaders(exchange), upgrade: request.headers.get('upgrade') ?? '' },
    tls: target.backend.tls,
    signal: exchange.signal,
  });
  await relayUpgrade(exchange, outcome, stopping);
}

/** Joins the client's connection with that of another server, or hands on what the other server answered instead. */
export async function relayUpgrade(
  exchange: Exchange,
  outcome: UpgradeOutcome,
  stopping: AbortSignal,
): Promise<void> {
  if (outcome.kind === 'answered') {
    await relayAnswer(exchange, outcome.response, answeredHeaders(outcome.response));
    return;
  }
  const { connection } = outcome;
  const client = exchange.takeConnection();
  client.socket.write(switchingHead(connection.headers));
  sendFirst(client.socket, connection.head);
  sendFirst(connection.socket, client.head);
  await joinConnections(client.socket, connection.socket, stopping);
}

function switchingHead(headers: ReadonlyMap<string, string>): string {
  const fields = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 101 Switching Protocols\r\n${fields.join('')}\r\n`;
}

function sendFirst(socket: Duplex, bytes: Uint8Array): void {
  if (bytes.length > 0) socket.write(bytes);
}

/** Why another server was not reached, as users of Kubernetes know it. */
export function failureText(error: WebClientError, { backend }: ForwardTarget): string {
  return dialFailureText(error, hostPort(backend));
}
