import type { RuntimeEvent } from './container-runtime.js';

/** A listener that is so far behind is told no more: the kubelet lists anyhow. */
const pendingMax = 10_000;

/** Hands events to any number of listeners. */
export class EventFeed {
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();

  tell(event: RuntimeEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** What happens from now on, until the signal aborts. */
  async *follow(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    const pending: RuntimeEvent[] = [];
    let wake: () => void = () => undefined;
    const listener = (event: RuntimeEvent) => {
      if (pending.length < pendingMax) pending.push(event);
      wake();
    };
    const onAbort = () => wake();
    this.#listeners.add(listener);
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted) {
        const event = pending.shift();
        if (event !== undefined) yield event;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      this.#listeners.delete(listener);
      signal.removeEventListener('abort', onAbort);
    }
  }
}
