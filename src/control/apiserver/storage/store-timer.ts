import type { Clock } from '../../../base/clock.js';
import type { GroupResource } from '../../machinery/object.js';

/** What the store is asked for. */
export type StoreOperation = 'get' | 'list' | 'count' | 'create' | 'update' | 'delete';

/** Is told of each request to the store that was answered, or was not. */
export type ObserveStore = (
  operation: StoreOperation,
  resource: GroupResource,
  outcome: { readonly seconds: number; readonly isFailed: boolean },
) => void;

/** Measures the requests for the objects of one resource. */
export class StoreTimer {
  readonly #clock: Clock;
  readonly #resource: GroupResource;
  readonly #observe: ObserveStore;

  constructor(clock: Clock, resource: GroupResource, observe: ObserveStore) {
    this.#clock = clock;
    this.#resource = resource;
    this.#observe = observe;
  }

  /** What the request is answered with. A transaction that another one was faster than is answered too. */
  async measure<T>(operation: StoreOperation, request: Promise<T>): Promise<T> {
    const startMs = this.#clock.now();
    let isFailed = true;
    try {
      const answer = await request;
      isFailed = false;
      return answer;
    } finally {
      const seconds = (this.#clock.now() - startMs) / 1000;
      this.#observe(operation, this.#resource, { seconds, isFailed });
    }
  }
}
