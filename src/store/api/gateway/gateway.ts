import { type CallOptions, type Channel, RpcError, Status } from '../../../rpc/service.js';
import type { WebHeaders, WebRequest, WebResponse } from '../../../rpc/web.js';
import { clientGone } from '../../../rpc/web-errors.js';
import { callOptionsOf } from './call-options.js';
import { CallSlots } from './call-slots.js';
import { errorBody, errorLine, httpStatusOf } from './errors.js';
import { decodeText, parseJson } from './json-text.js';
import { JsonValues } from './json-values.js';
import { type GatewayMethod, gatewayPaths } from './paths.js';
import { messageFromJson } from './read-message.js';
import { type BodyLimits, readBody } from './request-body.js';
import { messageToJson } from './write-message.js';

/** What the gateway works with. */
export interface GatewayOptions {
  /**
   * Opens a channel to this member's own services. Streaming calls have one each, so that a client that does not read its answers
   * holds back nobody else.
   */
  readonly openChannel: () => Channel;
  /** Calls in progress at once, of all clients together; more wait. */
  readonly callsMax: number;
  readonly body: BodyLimits;
}

const answerHeaders: WebHeaders = {
  'content-type': 'application/json',
  'grpc-metadata-content-type': 'application/grpc',
};

/** What the paths began with before 3.4. */
const oldPrefix = /^\/v3beta\//;

/** Whether a path is for the gateway to answer. */
export function isGatewayPath(path: string): boolean {
  return path.startsWith('/v3/') || oldPrefix.test(path);
}

/**
 * The API as JSON over HTTP, as etcd's gateway has it: a method is a path, which takes a request as the body of a POST and answers
 * with the response; a stream is one object a line, `{"result": ...}` each, or `{"error": ...}` as the last.
 */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #slots: CallSlots;
  /** Carries the calls that have one answer. */
  readonly #channel: Channel;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#slots = new CallSlots(options.callsMax);
    this.#channel = options.openChannel();
  }

  /** Answers a request that {@link isGatewayPath}. */
  async serve(request: WebRequest, response: WebResponse): Promise<void> {
    let giveBack = () => {};
    try {
      const method = methodOf(request);
      const options = callOptionsOf(request);
      giveBack = await this.#slots.take(request.signal);
      const isStream = method.requestStream || method.responseStream;
      if (isStream) await this.#serveStream(method, options, request, response);
      else await this.#serveUnary(method, options, request, response);
    } catch (error) {
      if (request.signal.aborted) throw clientGone;
      if (!(error instanceof RpcError)) throw error;
      answerError(response, error);
    } finally {
      giveBack();
    }
  }

  async close(): Promise<void> {
    await this.#channel.close();
  }

  async #serveUnary(
    method: GatewayMethod,
    options: CallOptions,
    request: WebRequest,
    response: WebResponse,
  ): Promise<void> {
    const message = await this.#readOne(method, request);
    const answer = await this.#channel.unary(method, message, options);
    const body = Buffer.from(messageToJson(method.response, answer));
    response.start(200, { ...answerHeaders, 'content-length': String(body.length) });
    response.end(body);
  }

  async #readOne(method: GatewayMethod, request: WebRequest): Promise<unknown> {
    const body = await readBody(request, this.#options.body);
    return readMessage(method, body);
  }

  async #serveStream(
    method: GatewayMethod,
    options: CallOptions,
    request: WebRequest,
    response: WebResponse,
  ): Promise<void> {
    const message = method.requestStream ? null : await this.#readOne(method, request);
    const channel = this.#options.openChannel();
    const stream = channel.stream(method, options);
    // What is wrong with the requests counts more than that the call was cancelled because of it.
    let refusal: RpcError | null = null;
    const sending = message === null ? this.#requestsOf(method, request) : [message];
    sendAll(sending, stream).catch((error: unknown) => {
      if (error instanceof RpcError) refusal = error;
      stream.cancel();
    });
    try {
      for await (const answer of stream.responses) {
        if (!response.isStarted) response.start(200, answerHeaders);
        await response.write(resultLine(method, answer));
      }
      if (!response.isStarted) response.start(200, answerHeaders);
      response.end();
    } catch (error) {
      throw refusal ?? error;
    } finally {
      await channel.close();
    }
  }

  /** The objects of a body that goes on for as long as the client likes. */
  async *#requestsOf(method: GatewayMethod, request: WebRequest): AsyncGenerator<unknown> {
    const values = new JsonValues(this.#options.body.bytesMax);
    for await (const chunk of request.body) {
      for (const value of values.push(chunk)) yield readMessage(method, value);
    }
    if (!values.isBetweenValues) {
      throw new RpcError(Status.invalidArgument, 'unexpected end of JSON input');
    }
  }
}

function methodOf({ method, path }: WebRequest): GatewayMethod {
  const found = gatewayPaths.get(path.replace(oldPrefix, '/v3/'));
  if (found === undefined) throw new RpcError(Status.notFound, 'Not Found');
  if (method !== 'POST') throw new RpcError(Status.unimplemented, 'Method Not Allowed');
  return found;
}

/** The message in a body; one with nothing but space is that without any fields. */
function readMessage(method: GatewayMethod, body: Uint8Array): unknown {
  const value = parseJson(decodeText(body));
  return value === undefined ? method.request.create() : messageFromJson(method.request, value);
}

function resultLine(method: GatewayMethod, answer: unknown): Uint8Array {
  return Buffer.from(`{"result":${messageToJson(method.response, answer)}}\n`);
}

async function sendAll(
  messages: AsyncIterable<unknown> | Iterable<unknown>,
  stream: ReturnType<Channel['stream']>,
): Promise<void> {
  for await (const message of messages) {
    if (!stream.send(message)) await stream.drained();
  }
  stream.end();
}

function answerError(response: WebResponse, error: RpcError): void {
  if (response.isStarted) {
    response.end(Buffer.from(errorLine(error)));
    return;
  }
  const body = Buffer.from(errorBody(error));
  const isUnauthenticated = error.code === Status.unauthenticated;
  response.start(httpStatusOf(error.code), {
    'content-type': 'application/json',
    'content-length': String(body.length),
    ...(isUnauthenticated && { 'www-authenticate': error.message.replace(/[^\x20-\x7e]/g, '?') }),
  });
  response.end(body);
}
