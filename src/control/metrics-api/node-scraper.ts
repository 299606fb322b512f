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
/** The longest that a node is left alone which cannot be read. */
const pauseMsMax = 300_000;
/** Bytes of a node's answer. */
const answerBytesMax = 32 * 1024 * 1024;
const kubeletPortDefault = 10_250;

/** Reads all nodes again and again. */
export class NodeScraper {
  readonly #options: NodeScraperOptions;
  /** When the last round was over; null: none was. */
  #lastRoundMs: number | null = null;
  /** Nodes that were read the last time. */
  readonly #good = new Set<string>();
  /** Those that could not be, and from when on they are asked again. */
  readonly #failing = new Map<string, { readonly dueMs: number; readonly pauseMs: number }>();

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

  /**
   * One round. Nodes that were read before come first, and those of which it is not known whether they answer get no more time than a round
   * has, so that nodes without a kubelet keep nobody from being read.
   */
  async readAll(signal: AbortSignal): Promise<void> {
    const { clock, book, resolutionMs } = this.#options;
    const startMs = clock.now();
    const nodes = [...this.#options.nodes()];
    this.#forgetOthers(new Set(nodes.map(nameOf)));
    const due = nodes.filter((node) => (this.#failing.get(nameOf(node))?.dueMs ?? 0) <= startMs);
    const isGood = (node: Node) => this.#good.has(nameOf(node));
    const good = due.filter(isGood);
    const waiting = [...good, ...due.filter((node) => !isGood(node))].values();
    const worker = async () => {
      for (const node of waiting) {
        if (signal.aborted) return;
        if (!isGood(node) && clock.now() - startMs > resolutionMs) continue;
        await this.#read(node, signal);
      }
    };
    await Promise.all(Array.from({ length: atOnceMax }, worker));
    this.#lastRoundMs = clock.now();
    book.keep(new Set(nodes.map(nameOf)));
  }

  #forgetOthers(names: ReadonlySet<string>): void {
    for (const all of [this.#good, this.#failing]) {
      for (const name of all.keys()) if (!names.has(name)) all.delete(name);
    }
  }

  async #read(node: Node, signal: AbortSignal): Promise<void> {
    const { clock, book, onRead } = this.#options;
    const name = nameOf(node);
    const url = this.#urlOf(node);
    if (url === null) return;
    const startMs = clock.now();
    try {
      const text = await this.#ask(url, signal);
      book.add(name, readResourceMetrics(text, clock.wallTime()));
      this.#failing.delete(name);
      this.#good.add(name);
      onRead?.(true, clock.now() - startMs);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof WebClientError || error instanceof ScrapeError)) throw error;
      onRead?.(false, clock.now() - startMs);
      this.#onFailure(name, error);
    }
  }

  /** It is asked again in the next round, and then ever more seldom. */
  #onFailure(name: string, error: Error): void {
    const { clock, book, logger, resolutionMs } = this.#options;
    const before = this.#failing.get(name);
    book.remove(name);
    // Once, not every time: a node may be away for long.
    if (before === undefined) {
      logger.warn('a node cannot be read', { node: name, error: error.message });
    }
    const pauseMs =
      before === undefined ? 0 : Math.min(Math.max(resolutionMs, before.pauseMs * 2), pauseMsMax);
    this.#good.delete(name);
    this.#failing.set(name, { dueMs: clock.now() + pauseMs, pauseMs });
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
