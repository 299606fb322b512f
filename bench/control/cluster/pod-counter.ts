import type { ServerClient } from '../server-client.js';

/** How many pods are how far. */
export interface PodCounts {
  /** Ever seen. */
  readonly created: number;
  readonly bound: number;
  readonly running: number;
  readonly deleted: number;
}

const newline = 10;

/**
 * Follows all pods by one watch, and counts. It looks for a few words in each event instead of parsing it: it shares the processors with
 * what it measures.
 */
export class PodCounter {
  readonly #created = new Set<string>();
  readonly #bound = new Set<string>();
  readonly #running = new Set<string>();
  #deleted = 0;
  #rest: Buffer[] = [];
  #close: () => void = () => {};

  /** Begins to watch what comes after now. */
  async start(client: ServerClient): Promise<void> {
    const { body } = await client.ask('GET', '/api/v1/pods?limit=1');
    const version = /"resourceVersion":"(\d+)"/.exec(body.toString())?.[1] ?? '0';
    const path = `/api/v1/pods?watch=1&resourceVersion=${version}&timeoutSeconds=3600`;
    const { close } = await client.watch(path, (chunk) => this.#onData(chunk));
    this.#close = close;
  }

  get counts(): PodCounts {
    return {
      created: this.#created.size,
      bound: this.#bound.size,
      running: this.#running.size,
      deleted: this.#deleted,
    };
  }

  stop(): void {
    this.#close();
  }

  #onData(chunk: Buffer): void {
    const end = chunk.lastIndexOf(newline);
    if (end < 0) {
      this.#rest.push(chunk);
      return;
    }
    const text = Buffer.concat([...this.#rest, chunk.subarray(0, end)]).toString('latin1');
    this.#rest = end + 1 < chunk.length ? [chunk.subarray(end + 1)] : [];
    for (const line of text.split('\n')) this.#onEvent(line);
  }

  #onEvent(line: string): void {
    const uid = /"uid":"([^"]+)"/.exec(line)?.[1];
    if (uid === undefined) return;
    this.#created.add(uid);
    if (line.includes('"nodeName":"')) this.#bound.add(uid);
    if (line.includes('"phase":"Running"')) this.#running.add(uid);
    if (line.startsWith('{"type":"DELETED"')) this.#deleted++;
  }
}
