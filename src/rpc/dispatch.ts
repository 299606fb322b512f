import type { Logger } from '../base/logger.js';
import type { MessageCodec, MethodDescriptor } from '../wire/descriptor.js';
import { WireError } from '../wire/errors.js';
import { MethodCounts } from './method-counts.js';
import {
  type Answer,
  RpcError,
  type ServiceImplementation,
  Status,
  type StatusCode,
  type StreamHandler,
  type UnaryHandler,
} from './service.js';

/**
 * What every server engine does alike: find the method of a path, decode its request, turn what a handler throws into
 * a status. The texts are those of grpc-go, for clients written against etcd have seen no others.
 */

/** A method together with its handler. */
export type Route =
  | {
      readonly kind: 'unary';
      readonly method: MethodDescriptor<unknown, unknown>;
      readonly counts: MethodCounts;
      readonly handler: UnaryHandler<unknown, unknown>;
    }
  | {
      readonly kind: 'stream';
      readonly method: MethodDescriptor<unknown, unknown>;
      readonly counts: MethodCounts;
      readonly handler: StreamHandler<unknown, unknown>;
    };

/** The methods served, by path. */
export class Routes {
  readonly #routes = new Map<string, Route>();
  readonly #services = new Set<string>();

  constructor(services: readonly ServiceImplementation[]) {
    for (const { descriptor, unary, stream } of services) {
      this.#services.add(descriptor.name);
      for (const [name, method] of Object.entries(descriptor.methods)) {
        const unaryHandler = unary.get(name);
        const streamHandler = stream.get(name);
        const counts = new MethodCounts(method);
        if (unaryHandler !== undefined) {
          this.#routes.set(method.path, { kind: 'unary', method, counts, handler: unaryHandler });
        } else if (streamHandler !== undefined) {
          this.#routes.set(method.path, { kind: 'stream', method, counts, handler: streamHandler });
        }
      }
    }
  }

  /** What became of the calls of each method. */
  counts(): readonly MethodCounts[] {
    return [...this.#routes.values()].map(({ counts }) => counts);
  }

  /** All routes, for engines that register them ahead. */
  all(): Iterable<Route> {
    return this.#routes.values();
  }

  /** The route of an HTTP/2 `:path`, or the `unimplemented` error that says what is unknown about it. */
  find(path: string): Route | RpcError {
    return this.#routes.get(path) ?? this.#unknown(path);
  }

  #unknown(path: string): RpcError {
    const slash = path.lastIndexOf('/');
    if (!path.startsWith('/') || slash <= 0) {
      return new RpcError(Status.unimplemented, `malformed method name: ${JSON.stringify(path)}`);
    }
    const service = path.slice(1, slash);
    if (!this.#services.has(service)) {
      return new RpcError(Status.unimplemented, `unknown service ${service}`);
    }
    return new RpcError(
      Status.unimplemented,
      `unknown method ${path.slice(slash + 1)} for service ${service}`,
    );
  }
}

/** Decodes a request; malformed bytes are the caller's fault and answered `internal`, as grpc-go answers them. */
export function decodeRequest<T>(codec: MessageCodec<T>, bytes: Uint8Array, isStream: boolean): T {
  try {
    return codec.decode(bytes);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const what = isStream
      ? 'grpc: failed to unmarshal the received message'
      : 'grpc: error unmarshalling request';
    throw new RpcError(Status.internal, `${what}: ${error.message}`, { cause: error });
  }
}

/** The bytes of a unary handler's answer: those that it gave, or the message that it gave encoded. */
export function encodeAnswer<Init>(
  codec: MessageCodec<unknown, Init>,
  answer: Answer<Init>,
): Uint8Array {
  // No message is a byte string itself.
  return answer instanceof Uint8Array ? answer : codec.encode(answer);
}

/** The error for a message above the limit (bytes), in the words of grpc-go. */
export function messageTooLarge(sizeBytes: number, maxBytes: number): RpcError {
  return new RpcError(
    Status.resourceExhausted,
    `grpc: received message larger than max (${sizeBytes} vs. ${maxBytes})`,
  );
}

/** Calls in progress end with this when the server closes. */
export function serverClosing(): RpcError {
  return new RpcError(Status.unavailable, 'transport is closing');
}

/** Turns what a handler threw into a status. Bugs are logged in full and told to the caller without their text. */
export function toRpcError(error: unknown, method: string, logger: Logger): RpcError {
  if (error instanceof RpcError) return error;
  if (error instanceof Error) {
    const status: unknown = 'status' in error ? error.status : undefined;
    if (isStatusCode(status) && status !== Status.ok) {
      return new RpcError(status, error.message, { cause: error });
    }
  }
  logger.error('a request handler failed unexpectedly', {
    method,
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
  return new RpcError(Status.unknown, 'internal error, see the server log', { cause: error });
}

function isStatusCode(value: unknown): value is StatusCode {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 16;
}
