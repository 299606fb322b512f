import type { ServerClient } from '../server-client.js';

/** How many pods are how far. */
export interface PodCounts {
  /** Ever seen. */
  readonly created: number;
  readonly bound: number;
  readonly running: number;
  readonly deleted: number;
}

/** What is looked at of a list of pods. */
interface PodList {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly {
    readonly metadata: { readonly uid: string };
    readonly spec: { readonly nodeName?: string };
    readonly status: { readonly phase?: string };
  }[];
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
    await this.#watch(client, /"resourceVersion":"(\d+)"/.exec(body.toString())?.[1] ?? '0');
  }

  async #watch(client: ServerClient, version: string): Promise<void> {
    const path = `/api/v1/pods?watch=1&resourceVersion=${version}&timeoutSeconds=3600`;
    let isClosed = false;
    const onEnd = () => {
      if (!isClosed) void this.#catchUp(client);
    };
    const { close } = await client.watch(path, (chunk) => this.#onData(chunk), onEnd);
    this.#close = () => {
      isClosed = true;
      close();
    };
  }

  /** Servers end the watches of those that do not keep up, who list and begin again. */
  async #catchUp(client: ServerClient): Promise<void> {
    this.#rest = [];
    const { body } = await client.ask('GET', '/api/v1/pods');
    const { metadata, items } = JSON.parse(body.toString()) as PodList;
    for (const { metadata: meta, spec, status } of items) {
      this.#created.add(meta.uid);
      if (spec.nodeName !== undefined) this.#bound.add(meta.uid);
      if (status.phase === 'Running') this.#running.add(meta.uid);
    }
    this.#deleted = this.#created.size - items.length;
    await this.#watch(client, metadata.resourceVersion);
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
    const whole = chunk.subarray(0, end);
    const text = (this.#rest.length === 0 ? whole : Buffer.concat([...this.#rest, whole])).toString(
      'latin1',
    );
    this.#rest = end + 1 < chunk.length ? [chunk.subarray(end + 1)] : [];
    for (const line of text.split('\n')) this.#onEvent(line);
  }

  /** Looks for the few words that count: to parse all events would cost this program more than making the pods. */
  #onEvent(line: string): void {
    if (line.startsWith('{"type":"ERROR"')) throw new Error(`the watch of pods failed: ${line}`);
    const uid = uidOf(line);
    this.#created.add(uid);
    if (line.includes('"nodeName":"')) this.#bound.add(uid);
    if (line.includes('"phase":"Running"')) this.#running.add(uid);
    if (line.startsWith('{"type":"DELETED"')) this.#deleted++;
  }
}

const owners = '"ownerReferences":[';
const uidField = '"uid":"';

/** The pod's own, not that of its owner. */
function uidOf(line: string): string {
  let from = line.indexOf(uidField);
  const ownersAt = line.indexOf(owners);
  if (ownersAt >= 0 && ownersAt < from) {
    const ownersEnd = line.indexOf(']', ownersAt);
    const before = line.lastIndexOf(uidField, ownersAt);
    from = before >= 0 ? before : line.indexOf(uidField, ownersEnd);
  }
  const start = from + uidField.length;
  const end = line.indexOf('"', start);
  if (from < 0 || end < 0) throw new Error(`an event has no uid: ${line}`);
  return line.slice(start, end);
}
