import { type Clock, sleep } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { type WebClient, WebClientError, type WebClientTls } from '../../rpc/index.js';
import type { Node } from '../api/gen/core-v1.js';
import { readResourceMetrics } from './read-resource-metrics.js';
import type { UsageBook } from './usage-book.js';

/** What nodes are read with. */
export interface NodeScraperOptions {
  readonly web: WebClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly book: UsageBook;
  /** The nodes that there are. */
  readonly nodes: () => readonly Node[];
  /** Which of a node's addresses is asked, the best first. */
  readonly addressTypes: readonly string[];
  /** The port of all kubelets; null: each node says its own. */
  readonly port: number | null;
  readonly tls: WebClientTls;
  /** The Authorization header; null without. */
  readonly authorization: () => Promise<string | null>;
  readonly resolutionMs: number;
  readonly timeoutMs: number;
  /** Is told of each node that was read, or was not. */
  readonly onRead?: (isGood: boolean, tookMs: number) => void;
}

/** Nodes that are asked at once. */
const atOnceMax = 64;
/** Bytes of a node's answer. */
const answerBytesMax = 32 * 1024 * 1024;
const kubeletPortDefault = 10_250;

/** Reads all nodes again and again. */
export class NodeScraper {
  readonly #options: NodeScraperOptions;
  /** When the last round was over; null: none was. */
  #lastRoundMs: number | null = null;
  /** Nodes that could not be read the last time. */
  readonly #failing = new Set<string>();

  constructor(options: NodeScraperOptions) {
    this.#options = options;
  }

  /** Null: it does what it should. */
  problem(): string | null {
    const { clock, resolutionMs } = this.#options;
    if (this.#lastRoundMs === null) return 'no node was read yet';
    const silentMs = clock.now() - this.#lastRoundMs;
    return silentMs > 3 * resolutionMs ? `no node was read for ${Math.round(silentMs)} ms` : null;
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, resolutionMs } = this.#options;
    while (!signal.aborted) {
      const startMs = clock.now();
      await this.readAll(signal);
      const leftMs = startMs + resolutionMs - clock.now();
      await sleep(clock, Math.max(0, leftMs), signal).catch(() => {}); // Told to stop.
    }
  }

  /** One round. */
  async readAll(signal: AbortSignal): Promise<void> {
    const { clock, book } = this.#options;
    const nodes = [...this.#options.nodes()];
    book.keep(new Set(nodes.map(nameOf)));
    const waiting = nodes.values();
    const worker = async () => {
      for (const node of waiting) {
        if (signal.aborted) return;
        await this.#read(node, signal);
      }
    };
    await Promise.all(Array.from({ length: atOnceMax }, worker));
    this.#lastRoundMs = clock.now();
  }

  async #read(node: Node, signal: AbortSignal): Promise<void> {
    const { clock, book, logger, onRead } = this.#options;
    const name = nameOf(node);
    const url = this.#urlOf(node);
    if (url === null) return;
    const startMs = clock.now();
    try {
      const text = await this.#ask(url, signal);
      book.add(name, readResourceMetrics(text, clock.wallTime()));
      this.#failing.delete(name);
      onRead?.(true, clock.now() - startMs);
    } catch (error) {
      if (signal.aborted) return;
      onRead?.(false, clock.now() - startMs);
      if (!(error instanceof WebClientError || error instanceof ScrapeError)) throw error;
      // Once, not every time: a node may be away for long.
      if (this.#failing.has(name)) return;
      this.#failing.add(name);
      logger.warn('a node cannot be read', { node: name, error: error.message });
    }
  }

  #urlOf({ status }: Node): string | null {
    const { addressTypes, port: given } = this.#options;
    const addresses = status?.addresses ?? [];
    const host = addressTypes
      .map((type) => addresses.find((each) => each.type === type)?.address ?? '')
      .find((address) => address !== '');
    if (host === undefined) return null;
    const port = given ?? (status?.daemonEndpoints?.kubeletEndpoint?.Port || kubeletPortDefault);
    return `https://${host.includes(':') ? `[${host}]` : host}:${port}/metrics/resource`;
  }

  async #ask(url: string, signal: AbortSignal): Promise<string> {
    const { web, tls, timeoutMs } = this.#options;
    const authorization = await this.#options.authorization();
    const headers = { ...(authorization === null ? {} : { authorization }) };
    const response = await web.request({ url, tls, headers, signal, timeoutMs });
    if (response.status !== 200) {
      response.cancel();
      throw new ScrapeError(`${url} answered ${response.status}`);
    }
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body) {
      bytes += chunk.length;
      if (bytes > answerBytesMax) throw new ScrapeError(`${url} answers without an end`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString();
  }
}

/** A kubelet that answers, but not with what was asked. */
class ScrapeError extends Error {
  override readonly name = 'ScrapeError';
}

function nameOf({ metadata }: Node): string {
  return metadata.name ?? '';
}
