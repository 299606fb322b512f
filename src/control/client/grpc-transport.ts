import type { Clock } from '../../base/clock.js';
import { createHttp2Channel } from '../../rpc/http2/index.js';
import { CallError, type CallOptions, type Channel, Status } from '../../rpc/index.js';
import { type Answer, Control, Target } from '../../wire/gen/control.js';
import { type Fence, fenceHeader, formatFence } from '../machinery/fence.js';
import type { JsonObject } from '../machinery/json.js';
import { omitHeader, omitManagedFields } from '../machinery/omission.js';
import { badRequest } from '../machinery/status-errors.js';
import type { ApiResource, ObjectPlace } from './api-resource.js';
import { responseError } from './response-error.js';
import { type ServerAccess, watchEvent } from './rest-transport.js';
import {
  type ApiCall,
  type CallControl,
  type Transport,
  UnreachableError,
  type WatchCall,
  type WatchEvent,
} from './transport.js';

/** What a {@link GrpcTransport} is made with. */
export interface GrpcTransportOptions {
  readonly access: ServerAccess;
  readonly clock: Clock;
  /** Names the program in audit logs and managed fields. */
  readonly userAgent: string;
  /** Sent with every call; it concerns writes alone. */
  readonly fence?: Fence;
  /** Objects may come without their managed fields. */
  readonly omitsManagedFields?: boolean;
  /** Milliseconds for a request that is no watch. Default 60 s. */
  readonly timeoutMs?: number;
}

const timeoutMsDefault = 60_000;
const keepalive = { intervalMs: 30_000, timeoutMs: 15_000 };
const okMax = 299;
const decoder = new TextDecoder();
const none = new Uint8Array(0);

/** The API over gRPC, as Flotilla's API server has it: one connection carries all requests and watches. */
export class GrpcTransport implements Transport {
  readonly #options: GrpcTransportOptions;
  readonly #channel: Channel;
  /** What is said with every call. One object for as long as it holds: what recurs costs the connection an octet or two a call. */
  #metadata: Readonly<Record<string, string>> = {};
  /** What was said last of who asks. Undefined: nothing was said yet. */
  #authorization: string | null | undefined;

  constructor(options: GrpcTransportOptions) {
    const { access, clock } = options;
    this.#options = options;
    this.#channel = createHttp2Channel(new URL(access.server).origin, {
      ...{ clock, tls: access.tls, keepalive },
    });
  }

  async call(call: ApiCall, control: CallControl = {}): Promise<Uint8Array> {
    const options = await this.#callOptions(control);
    const answer = await this.#send(call, options).catch((error) => {
      throw unreachable(error);
    });
    return bodyOf(answer, { method: call.verb, resource: call.resource, name: call.place.name });
  }

  async document(path: string, accept: string, control: CallControl = {}): Promise<Uint8Array> {
    const options = await this.#callOptions(control);
    const { GetDocument } = Control.methods;
    const answer = await this.#channel
      .unary(GetDocument, { path, accept }, options)
      .catch((error) => {
        throw unreachable(error);
      });
    return bodyOf(answer, { method: 'GET', resource: { group: '', resource: '' }, name: '' });
  }

  async *watch(call: WatchCall, control: CallControl = {}): AsyncGenerator<WatchEvent> {
    const { timeoutMs: _, ...options } = await this.#callOptions(control);
    const stream = this.#channel.stream(Control.methods.Watch, options);
    try {
      stream.send({
        target: targetOf(call.resource, call.place),
        parameters: parametersOf(call.parameters),
      });
      stream.end();
      for await (const { type, object } of stream.responses) {
        yield eventOf(type, object);
      }
    } catch (error) {
      throw unreachable(error);
    } finally {
      stream.cancel();
    }
  }

  close(): Promise<void> {
    return this.#channel.close();
  }

  #send(call: ApiCall, options: CallOptions): Promise<Answer> {
    const { verb, place, resource, body, contentType } = call;
    const target = targetOf(resource, place);
    const parameters = parametersOf(call.parameters);
    const write = { target, parameters, body: body ?? none };
    const channel = this.#channel;
    const { methods } = Control;
    switch (verb) {
      case 'get':
        return channel.unary(methods.Get, { target, parameters }, options);
      case 'list':
        return channel.unary(methods.List, { target, parameters }, options);
      case 'create':
        return channel.unary(methods.Create, write, options);
      case 'update': {
        const isStatus = place.subresource === 'status';
        return channel.unary(isStatus ? methods.UpdateStatus : methods.Update, write, options);
      }
      case 'patch':
        return channel.unary(methods.Patch, { ...write, contentType }, options);
      case 'delete':
      case 'deletecollection': {
        const deletion = { target, parameters, options: body ?? none };
        return channel.unary(methods.Delete, deletion, options);
      }
    }
  }

  async #callOptions({ signal }: CallControl): Promise<CallOptions> {
    const { access, timeoutMs = timeoutMsDefault } = this.#options;
    const authorization = await access.authorization();
    if (authorization !== this.#authorization) {
      this.#authorization = authorization;
      this.#metadata = metadataOf(this.#options, authorization);
    }
    const metadata = this.#metadata;
    return signal === undefined ? { metadata, timeoutMs } : { metadata, timeoutMs, signal };
  }
}

function metadataOf(
  { userAgent, fence, omitsManagedFields = false }: GrpcTransportOptions,
  authorization: string | null,
): Readonly<Record<string, string>> {
  return {
    'flotilla-user-agent': userAgent,
    ...(authorization === null ? {} : { authorization }),
    ...(fence === undefined ? {} : { [fenceHeader]: formatFence(fence) }),
    ...(omitsManagedFields ? { [omitHeader]: omitManagedFields } : {}),
  };
}

/** An event of a watch. Throws the StatusError of an ERROR event. */
function eventOf(type: string, bytes: Uint8Array): WatchEvent {
  let object: JsonObject | null;
  try {
    object = JSON.parse(decoder.decode(bytes)) as JsonObject | null;
  } catch (error) {
    throw new UnreachableError('what came as an event of a watch is no JSON', { cause: error });
  }
  if (typeof object !== 'object' || object === null) {
    throw new UnreachableError('what came as an event of a watch has no object');
  }
  return watchEvent(type, object);
}

function targetOf(resource: ApiResource, place: ObjectPlace): Target {
  const { group, version, resource: plural, isNamespaced } = resource;
  const namespace = isNamespaced ? place.namespace : '';
  return Target.create({ ...place, group, version, resource: plural, namespace });
}

function parametersOf(parameters: Readonly<Record<string, string>>) {
  return Object.entries(parameters).map(([name, value]) => ({ name, value }));
}

function bodyOf(
  { code, body }: Answer,
  about: {
    readonly method: string;
    readonly resource: { readonly group: string; readonly resource: string };
    readonly name: string;
  },
): Uint8Array {
  if (code <= okMax) return body;
  throw responseError({ code, body, ...about, retryAfterSeconds: 0 });
}

function unreachable(error: unknown): unknown {
  if (!(error instanceof CallError)) return error;
  if (error.code === Status.invalidArgument) return badRequest(error.message);
  return new UnreachableError(`the API server did not answer: ${error.message}`, { cause: error });
}
