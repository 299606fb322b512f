import { Latencies } from '../../../src/cmd/bench/latency.js';
import type { ServerClient } from '../server-client.js';

/** The requests that are made meanwhile, as a user makes them. */
const verbs = ['create', 'get', 'update', 'patch', 'list', 'delete'] as const;
type Verb = (typeof verbs)[number];

/** Latencies of a verb, milliseconds. */
export interface VerbLatency {
  readonly verb: string;
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const namespace = 'probe';
const pauseMs = 20;

/** Makes a few small requests a second, one after the other, and notes how long each takes: what others feel of the load. */
export class Prober {
  readonly #client: ServerClient;
  readonly #latencies = new Map<Verb, Latencies>(verbs.map((verb) => [verb, new Latencies()]));
  #isOn = false;
  #run: Promise<void> = Promise.resolve();

  constructor(client: ServerClient) {
    this.#client = client;
  }

  /** Makes the namespace and begins. */
  async start(): Promise<void> {
    const json = { metadata: { name: namespace } };
    await this.#client.ask('POST', '/api/v1/namespaces', { json });
    this.#isOn = true;
    this.#run = this.#loop();
  }

  /** Ends, and tells what it has noted. */
  async stop(): Promise<VerbLatency[]> {
    this.#isOn = false;
    await this.#run;
    return verbs.map((verb) => {
      const summary = this.#latencies.get(verb)?.summary();
      return {
        verb,
        count: summary?.count ?? 0,
        p50Ms: summary?.p50 ?? 0,
        p99Ms: summary?.p99 ?? 0,
      };
    });
  }

  async #loop(): Promise<void> {
    const list = `/api/v1/namespaces/${namespace}/configmaps`;
    for (let i = 0; this.#isOn; i++) {
      const name = `probe-${i}`;
      const path = `${list}/${name}`;
      const json = { metadata: { name }, data: { key: 'value' } };
      await this.#timed('create', 'POST', list, { json });
      await this.#timed('get', 'GET', path);
      await this.#timed('update', 'PUT', path, { json: { ...json, data: { key: 'other' } } });
      const type = 'application/merge-patch+json';
      await this.#timed('patch', 'PATCH', path, { json: { data: { more: 'value' } }, type });
      await this.#timed('list', 'GET', `${list}?limit=50`);
      await this.#timed('delete', 'DELETE', path);
    }
  }

  async #timed(
    verb: Verb,
    method: string,
    path: string,
    body?: { readonly json: unknown; readonly type?: string },
  ): Promise<void> {
    const beganMs = performance.now();
    await this.#client.ask(method, path, body);
    this.#latencies.get(verb)?.add(performance.now() - beganMs);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
