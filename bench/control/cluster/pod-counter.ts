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

/** Follows all pods by one watch, and counts. */
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
    const text = Buffer.concat([...this.#rest, chunk.subarray(0, end)]).toString();
    this.#rest = end + 1 < chunk.length ? [chunk.subarray(end + 1)] : [];
    for (const line of text.split('\n')) this.#onEvent(line);
  }

  #onEvent(line: string): void {
    const { type, object } = JSON.parse(line) as PodEvent;
    if (type === 'ERROR') throw new Error(`the watch of pods failed: ${line}`);
    const { metadata, spec, status } = object;
    this.#created.add(metadata.uid);
    if (spec.nodeName !== undefined) this.#bound.add(metadata.uid);
    if (status.phase === 'Running') this.#running.add(metadata.uid);
    if (type === 'DELETED') this.#deleted++;
  }
}

interface PodEvent {
  readonly type: string;
  readonly object: {
    readonly metadata: { readonly uid: string };
    readonly spec: { readonly nodeName?: string };
    readonly status: { readonly phase?: string };
  };
}
