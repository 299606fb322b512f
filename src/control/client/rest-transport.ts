import { concatBytes } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import {
  WebClient,
  WebClientError,
  type WebClientRequest,
  type WebClientResponse,
  type WebClientTls,
} from '../../rpc/index.js';
import { type Fence, fenceHeader, formatFence } from '../machinery/fence.js';
import type { JsonObject } from '../machinery/json.js';
import { LineTooLongError, linesOf } from '../machinery/line-splitter.js';
import type { GroupResource, KubeObject } from '../machinery/object.js';
import { omitHeader, omitManagedFields } from '../machinery/omission.js';
import { StatusError } from '../machinery/status.js';
import { internalError } from '../machinery/status-errors.js';
import { pathOf } from './api-resource.js';
import { responseError, statusIn } from './response-error.js';
import {
  type ApiCall,
  type ApiVerb,
  type CallControl,
  type Transport,
  UnreachableError,
  type WatchCall,
  type WatchEvent,
} from './transport.js';

/** Where a server is, and as whom a client shows itself to it. */
export interface ServerAccess {
  /** `https://127.0.0.1:6443`; a path is put before all others. */
  readonly server: string;
  readonly tls: WebClientTls;
  /** The Authorization header; null without. Asked for each request, since tokens are renewed. */
  authorization(): Promise<string | null>;
}

/** What a {@link RestTransport} is made with. */
export interface RestTransportOptions {
  readonly access: ServerAccess;
  readonly clock: Clock;
  /** Names the program in the User-Agent header, and with it in audit logs and managed fields. */
  readonly userAgent: string;
  /** Sent with every write. */
  readonly fence?: Fence;
  /** Objects may come without their managed fields. */
  readonly omitsManagedFields?: boolean;
  /** Milliseconds for a request that is no watch. Default: 60 s, as long as servers work on one. */
  readonly timeoutMs?: number;
}

const timeoutMsDefault = 60_000;
/** Bytes of one event: an object of etcd's limit and as much again for what is escaped. */
const eventBytesMax = 16 << 20;
const noResource: GroupResource = { group: '', resource: '' };

const methods: Readonly<Record<ApiVerb, string>> = {
  get: 'GET',
  list: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
};

/** The API as REST over HTTP/1.1: every Kubernetes API server answers it. */
export class RestTransport implements Transport {
  readonly #options: RestTransportOptions;
  readonly #web: WebClient;
  readonly #root: string;

  constructor(options: RestTransportOptions) {
    this.#options = options;
    this.#web = new WebClient({ clock: options.clock });
    this.#root = options.access.server.replace(/\/+$/, '');
  }

  async call(call: ApiCall, control: CallControl = {}): Promise<Uint8Array> {
    const { resource, place, parameters, body, contentType } = call;
    const { fence } = this.#options;
    const method = methods[call.verb];
    const request = {
      url: this.#url(pathOf(resource, place), parameters),
      method,
      headers: {
        // Node sends the body of a DELETE without its length if nobody says it.
        ...(body === null
          ? {}
          : { 'content-type': contentType, 'content-length': `${body.length}` }),
        ...(fence === undefined || method === 'GET' ? {} : { [fenceHeader]: formatFence(fence) }),
      },
      ...(body === null ? {} : { body }),
      timeoutMs: this.#options.timeoutMs ?? timeoutMsDefault,
    };
    return this.#whole(await this.#ask(request, control), {
      method: request.method,
      resource,
      name: place.name,
    });
  }

  async document(path: string, accept: string, control: CallControl = {}): Promise<Uint8Array> {
    const timeoutMs = this.#options.timeoutMs ?? timeoutMsDefault;
    const request = { url: this.#url(path, {}), headers: { accept }, timeoutMs };
    const about = { method: 'GET', resource: noResource, name: '' };
    return this.#whole(await this.#ask(request, control), about);
  }

  async *watch(call: WatchCall, control: CallControl = {}): AsyncGenerator<WatchEvent> {
    const { resource, place, parameters } = call;
    const request = { url: this.#url(pathOf(resource, place), { ...parameters, watch: 'true' }) };
    const response = await this.#ask(request, control);
    try {
      if (response.status >= 300) {
        await this.#whole(response, { method: 'GET', resource, name: place.name });
        throw internalError(`a watch was answered with status ${response.status}`);
      }
      for await (const line of linesOf(response.body, eventBytesMax)) yield eventOf(line);
    } catch (error) {
      throw unreachable(error);
    } finally {
      response.cancel();
    }
  }

  close(): Promise<void> {
    this.#web.close();
    return Promise.resolve();
  }

  #url(path: string, parameters: Readonly<Record<string, string>>): string {
    const query = new URLSearchParams(parameters).toString();
    return `${this.#root}${path}${query === '' ? '' : `?${query}`}`;
  }

  async #ask(request: WebClientRequest, { signal }: CallControl): Promise<WebClientResponse> {
    const { access, userAgent, omitsManagedFields = false } = this.#options;
    const authorization = await access.authorization();
    try {
      return await this.#web.request({
        ...request,
        headers: {
          accept: 'application/json',
          'user-agent': userAgent,
          ...(authorization === null ? {} : { authorization }),
          ...(omitsManagedFields ? { [omitHeader]: omitManagedFields } : {}),
          ...request.headers,
        },
        tls: access.tls,
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      throw unreachable(error);
    }
  }

  /** The body of an answer; rejects with what it says when it is a failure. */
  async #whole(
    response: WebClientResponse,
    about: { readonly method: string; readonly resource: GroupResource; readonly name: string },
  ): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    try {
      for await (const part of response.body) parts.push(part);
    } catch (error) {
      throw unreachable(error);
    }
    const body = concatBytes(parts);
    if (response.status < 300) return body;
    const after = Number(response.headers.get('retry-after') ?? 0);
    throw responseError({
      ...{ code: response.status, body, ...about },
      retryAfterSeconds: Number.isFinite(after) && after > 0 ? Math.ceil(after) : 0,
    });
  }
}

const decoder = new TextDecoder();

/** An event of a watch as JSON. Throws the StatusError of an ERROR event. */
function eventOf(line: Uint8Array): WatchEvent {
  let event: JsonObject | null;
  try {
    event = JSON.parse(decoder.decode(line)) as JsonObject | null;
  } catch (error) {
    throw new UnreachableError('what came as an event of a watch is no JSON', { cause: error });
  }
  const object = event?.object;
  if (typeof object !== 'object' || object === null) {
    throw new UnreachableError('what came as an event of a watch has no object');
  }
  return watchEvent(String(event?.type), object as JsonObject);
}

/** An event from its parts. Throws the StatusError of an ERROR event. */
export function watchEvent(type: string, object: JsonObject): WatchEvent {
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      object.metadata ??= {};
      return { type, object: object as unknown as KubeObject };
    case 'ERROR': {
      const status = statusIn(object);
      throw status === null
        ? internalError('the watch failed without saying why')
        : new StatusError(status);
    }
    default:
      throw internalError(`the watch has an event of the unknown type ${JSON.stringify(type)}`);
  }
}

function unreachable(error: unknown): unknown {
  if (!(error instanceof WebClientError) && !(error instanceof LineTooLongError)) return error;
  return new UnreachableError(error.message, { cause: error });
}
