import type { Clock } from '../../base/clock.js';
import { StatusError } from '../machinery/status.js';
import {
  type ApiCall,
  type CallControl,
  type Transport,
  UnreachableError,
  type WatchCall,
  type WatchEvent,
} from './transport.js';

/** A request of a client, as it ended. */
export interface ObservedRequest {
  /** As HTTP says it: `GET`, `POST`. */
  readonly verb: string;
  /** The HTTP code of the answer; `<error>` without one, as client-go counts. */
  readonly code: string;
  readonly tookMs: number;
}

/** Is told of each request of a client, for its metrics. */
export type RequestObserver = (request: ObservedRequest) => void;

const verbs: Readonly<Record<ApiCall['verb'], string>> = {
  get: 'GET',
  list: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
};

/** Tells of every request that goes through it. */
export class ObservedTransport implements Transport {
  readonly #inner: Transport;
  readonly #clock: Clock;
  readonly #observe: RequestObserver;

  constructor(inner: Transport, clock: Clock, observe: RequestObserver) {
    this.#inner = inner;
    this.#clock = clock;
    this.#observe = observe;
  }

  call(call: ApiCall, control?: CallControl): Promise<Uint8Array> {
    const success = call.verb === 'create' ? '201' : '200';
    return this.#observed(verbs[call.verb], success, () => this.#inner.call(call, control));
  }

  document(path: string, accept: string, control?: CallControl): Promise<Uint8Array> {
    return this.#observed('GET', '200', () => this.#inner.document(path, accept, control));
  }

  /** Told of when it ends: how long it took says nothing. */
  async *watch(call: WatchCall, control?: CallControl): AsyncGenerator<WatchEvent> {
    let code = '200';
    try {
      yield* this.#inner.watch(call, control);
    } catch (error) {
      code = codeOf(error);
      throw error;
    } finally {
      this.#observe({ verb: 'GET', code, tookMs: 0 });
    }
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #observed<T>(verb: string, success: string, ask: () => Promise<T>): Promise<T> {
    const startMs = this.#clock.now();
    let code = success;
    try {
      return await ask();
    } catch (error) {
      code = codeOf(error);
      throw error;
    } finally {
      this.#observe({ verb, code, tookMs: this.#clock.now() - startMs });
    }
  }
}

function codeOf(error: unknown): string {
  if (error instanceof StatusError) return String(error.code);
  return error instanceof UnreachableError ? '<error>' : '<unknown>';
}
