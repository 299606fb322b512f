import {
  type ApiCall,
  type CallControl,
  type Transport,
  UnreachableError,
  type WatchCall,
  type WatchEvent,
} from './transport.js';

/** What a {@link ProbingTransport} chooses between. */
export interface ProbedTransports {
  /** Every server answers it. */
  readonly rest: Transport;
  /** Flotilla's answers it too, and it costs less. */
  readonly grpc: Transport;
  /** Is told once which it is, and why. */
  readonly onChosen: (protocol: 'grpc' | 'rest', why: string) => void;
}

interface Choice {
  readonly transport: Transport;
  readonly protocol: 'grpc' | 'rest';
  readonly why: string;
}

const json = 'application/json';
/** Behind the version of the API in what Flotilla's API server says of itself. */
const ownVersion = /\+flotilla\b/;

/**
 * gRPC where it works, else REST: the first request asks the server for its version, and a Flotilla's once more over gRPC, since what
 * stands between may not carry that. A server that cannot be reached is asked again with the next request.
 */
export class ProbingTransport implements Transport {
  readonly #transports: ProbedTransports;
  /** Null until a request asks, and again when the server was not reached. */
  #choice: Promise<Transport> | null = null;
  /** What was chosen, for good. */
  #transport: Transport | null = null;

  constructor(transports: ProbedTransports) {
    this.#transports = transports;
  }

  async call(call: ApiCall, control?: CallControl): Promise<Uint8Array> {
    const transport = this.#transport ?? (await this.#chosen(control));
    return transport.call(call, control);
  }

  async *watch(call: WatchCall, control?: CallControl): AsyncGenerator<WatchEvent> {
    yield* (await this.#chosen(control)).watch(call, control);
  }

  async document(path: string, accept: string, control?: CallControl): Promise<Uint8Array> {
    return (await this.#chosen(control)).document(path, accept, control);
  }

  async close(): Promise<void> {
    const { rest, grpc } = this.#transports;
    await Promise.all([rest.close(), grpc.close()]);
  }

  #chosen({ signal }: CallControl = {}): Promise<Transport> {
    this.#choice ??= this.#choose().catch((error: unknown) => {
      this.#choice = null;
      throw error;
    });
    return signal === undefined ? this.#choice : untilAborted(this.#choice, signal);
  }

  async #choose(): Promise<Transport> {
    const { transport, protocol, why } = await this.#probe();
    this.#transports.onChosen(protocol, why);
    this.#transport = transport;
    return transport;
  }

  /** Not ended by a request's signal: others wait for the same answer. */
  async #probe(): Promise<Choice> {
    const { rest, grpc } = this.#transports;
    const version = versionIn(await rest.document('/version', json));
    if (!ownVersion.test(version)) {
      const why = `the API server is ${version === '' ? 'of no version' : version}, not Flotilla's`;
      return { transport: rest, protocol: 'rest', why };
    }
    try {
      await grpc.document('/version', json);
      return { transport: grpc, protocol: 'grpc', why: `the API server is ${version}` };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { transport: rest, protocol: 'rest', why: `gRPC does not get through: ${reason}` };
    }
  }
}

/** What is waited for; rejects like a request that was ended when the signal aborts before. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new UnreachableError('it was cancelled', { cause: signal.reason }));
  });
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** '' when it is no document of a version. */
function versionIn(bytes: Uint8Array): string {
  try {
    const document = JSON.parse(new TextDecoder().decode(bytes)) as { gitVersion?: unknown } | null;
    return typeof document?.gitVersion === 'string' ? document.gitVersion : '';
  } catch {
    return '';
  }
}
