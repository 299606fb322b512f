import type { Clock } from '../../base/clock.js';
import type { Fence } from '../machinery/fence.js';
import type { JsonObject } from '../machinery/json.js';
import type { KubeObject } from '../machinery/object.js';
import type { ApiResource } from './api-resource.js';
import { GrpcTransport } from './grpc-transport.js';
import { type ProbedTransports, ProbingTransport } from './probing-transport.js';
import { readJson } from './read-json.js';
import { ObservedTransport, type RequestObserver } from './request-observer.js';
import { ResourceClient } from './resource-client.js';
import { RestTransport, type ServerAccess } from './rest-transport.js';
import { RetryingTransport } from './retrying-transport.js';
import { TokenBucket } from './token-bucket.js';
import type { CallControl, Transport } from './transport.js';

/** How a client talks with its server. */
export interface ControlClientOptions {
  readonly clock: Clock;
  /** Names the program, as `flotilla-controllers`. */
  readonly userAgent: string;
  /** Requests a second, and how many at once after quiet. Default: as many as it makes. */
  readonly rate?: { readonly perSecond: number; readonly burst: number };
  /** Its writes are refused when this leadership is over. */
  readonly fence?: Fence;
  /**
   * The program does without `metadata.managedFields`: Flotilla's API server leaves them out, and objects are a third smaller for it.
   * What is written without them keeps them. Default: false.
   */
  readonly omitsManagedFields?: boolean;
  /** Is told when a write was refused because the leadership of `fence` is over. */
  readonly onFenced?: () => void;
  /** Is told of each request. */
  readonly observe?: RequestObserver;
}

/** A client of an API server: the same whatever carries its requests. */
export class ControlClient {
  readonly #transport: Transport;
  /** It works for a leadership: what it reads to begin with must not be older than that. */
  readonly isFenced: boolean;

  /** `transport` is closed with the client; it is who sends the fence. */
  constructor(
    transport: Transport,
    { clock, rate, observe, fence, onFenced }: Omit<ControlClientOptions, 'userAgent'>,
  ) {
    this.isFenced = fence !== undefined;
    const bucket = rate === undefined ? null : new TokenBucket(clock, rate);
    const observed =
      observe === undefined ? transport : new ObservedTransport(transport, clock, observe);
    this.#transport = new RetryingTransport(observed, clock, bucket, onFenced);
  }

  /** The objects of a resource. */
  objects<T extends KubeObject>(resource: ApiResource<T>): ResourceClient<T> {
    return new ResourceClient(this.#transport, resource);
  }

  /** A document outside of the resources. Rejects with StatusError. */
  async document(
    path: string,
    control: CallControl & { readonly accept?: string } = {},
  ): Promise<JsonObject> {
    const bytes = await this.#transport.document(
      path,
      control.accept ?? 'application/json',
      control,
    );
    return readJson<JsonObject>(bytes);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}

/** A client that speaks REST, as with any Kubernetes API server. */
export function connectRest(access: ServerAccess, options: ControlClientOptions): ControlClient {
  return new ControlClient(new RestTransport({ access, ...carriedBy(options) }), options);
}

/** A client that speaks gRPC, which Flotilla's API server answers on the same port. */
export function connectGrpc(access: ServerAccess, options: ControlClientOptions): ControlClient {
  return new ControlClient(new GrpcTransport({ access, ...carriedBy(options) }), options);
}

/** A client that speaks gRPC with Flotilla's API server when that gets through, REST with all others. `onChosen` is told which. */
export function connectProbing(
  access: ServerAccess,
  options: ControlClientOptions,
  onChosen: ProbedTransports['onChosen'],
): ControlClient {
  // What is behind a path is somebody else's server, whose port says nothing of it.
  if (new URL(access.server).pathname !== '/') {
    onChosen('rest', 'the address of the API server has a path');
    return connectRest(access, options);
  }
  const rest = new RestTransport({ access, ...carriedBy(options) });
  const grpc = new GrpcTransport({ access, ...carriedBy(options) });
  return new ControlClient(new ProbingTransport({ rest, grpc, onChosen }), options);
}

function carriedBy({ clock, userAgent, fence, omitsManagedFields = false }: ControlClientOptions) {
  return { clock, userAgent, omitsManagedFields, ...(fence === undefined ? {} : { fence }) };
}
