import type { Clock } from '../../../base/clock.js';
import type { Status } from '../../machinery/status.js';
import { badRequest, statusOf } from '../../machinery/status-errors.js';
import { askedProtocols } from '../authentication/bearer-token.js';
import type { Exchange } from '../exchange.js';
import { type MessageAnswer, openMessages, wantsMessages } from '../message-answer.js';
import { type ListOptions, parseListOptions } from '../options/list-options.js';
import { parseResourceVersion } from '../options/resource-version.js';
import type { StorageEvent, WatchQuery } from '../storage/contracts.js';
import { protobufOf, type ResourceEndpoint } from './endpoint.js';
import type { HandlerTools } from './handler-tools.js';
import { scopeOf } from './list-query.js';
import { negotiate } from './output.js';
import { eventSizes, WatchEncoder } from './watch-encoder.js';

/** Batches of more events are what a watch begins with: they are written one by one, as the client takes them. */
const mergedEventsMax = 100;

/** GET with `watch=true`: events until the client goes away or the watch's time is up. */
export async function handleWatch(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  tools: HandlerTools,
): Promise<void> {
  const output = negotiate(exchange, protobufOf(endpoint, tools), { isStream: true });
  const options = parseListOptions(withWatch(exchange.query));
  const query = watchQuery(exchange, endpoint, options);
  const encoder = new WatchEncoder(exchange, endpoint, output);
  const abort = new AbortController();
  const startMs = tools.clock.now();
  const onEnd = () => abort.abort();
  const seconds = options.timeoutSeconds ?? tools.watchSecondsMin * (1 + tools.prng.float());
  const timeoutMs = Math.max(0, seconds) * 1000;
  const timer = tools.clock.setTimer(timeoutMs, onEnd);
  for (const signal of [exchange.signal, tools.stopping]) {
    if (signal.aborted) onEnd();
    signal.addEventListener('abort', onEnd, { once: true });
  }
  try {
    const sink = openSink(exchange, encoder, {
      clock: tools.clock,
      onSizes: (sizes) => tools.onWatchEvents(endpoint.resource, sizes),
    });
    if (sink === null) return;
    sink.signal?.addEventListener('abort', onEnd, { once: true });
    await pump(sink, endpoint, {
      ...{ query, timeoutMs, signal: abort.signal },
      mergedMax: exchange.isPiecewise ? 1 : mergedEventsMax,
      onInitial: () =>
        tools.onWatchList(endpoint.resource, exchange.scope, (tools.clock.now() - startMs) / 1000),
    });
    await sink.end();
  } finally {
    tools.clock.clearTimer(timer);
    for (const signal of [exchange.signal, tools.stopping]) {
      signal.removeEventListener('abort', onEnd);
    }
    onEnd();
    exchange.end();
  }
}

/** Where the events of a watch go. */
interface WatchSink {
  /** Aborted when nobody takes events any more; null: the request's own signal tells. */
  readonly signal: AbortSignal | null;
  /** Resolves when more may be written. */
  write(batch: readonly StorageEvent[]): Promise<void> | undefined;
  writeError(status: Status): Promise<void> | undefined;
  end(): Promise<void> | undefined;
}

interface SinkOptions {
  readonly clock: Clock;
  /** Is told of events that were encoded, by the bytes of each. */
  readonly onSizes: (sizes: readonly number[]) => void;
}

/** The body of the answer, or a WebSocket with a message for each event. Null: the WebSocket was refused. */
function openSink(
  exchange: Exchange,
  encoder: WatchEncoder,
  { clock, onSizes }: SinkOptions,
): WatchSink | null {
  if (wantsMessages(exchange)) {
    const answer = openMessages(exchange, askedProtocols(exchange.request.headers), clock);
    return answer === null ? null : messageSink(answer, encoder, onSizes);
  }
  exchange.start(200, { 'content-type': encoder.contentType });
  return {
    signal: null,
    write(batch) {
      const encoded = encoder.encode(batch);
      onSizes(eventSizes(encoded));
      return exchange.write(encoded);
    },
    writeError: (status) => exchange.write(encoder.encodeError(status)),
    end: () => undefined,
  };
}

function messageSink(
  answer: MessageAnswer,
  encoder: WatchEncoder,
  onSizes: SinkOptions['onSizes'],
): WatchSink {
  const { isText } = encoder;
  return {
    signal: answer.signal,
    async write(batch) {
      for (const event of batch) {
        const message = encoder.encodeMessage(event);
        onSizes([message.length]);
        await answer.send(message, { isText });
      }
    },
    writeError: (status) => answer.send(encoder.encodeErrorMessage(status), { isText }),
    end: () => answer.end(),
  };
}

async function pump(
  sink: WatchSink,
  endpoint: ResourceEndpoint,
  {
    query,
    timeoutMs,
    signal,
    mergedMax,
    onInitial,
  }: {
    readonly query: WatchQuery;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
    /** Events that are written at once at most. */
    readonly mergedMax: number;
    /** All that was there when the watch began has been sent, and the bookmark that says so. */
    readonly onInitial: () => void;
  },
): Promise<void> {
  try {
    for await (const batch of endpoint.registry.storage.watch(query, { signal, timeoutMs })) {
      const pieces = batch.length <= mergedMax ? [batch] : batch.map((event) => [event]);
      for (const piece of pieces) {
        const waiting = sink.write(piece);
        if (waiting !== undefined) await waiting;
      }
      if (query.sendInitialEvents === true && batch.some(endsInitialEvents)) onInitial();
      if (signal.aborted) return;
    }
  } catch (error) {
    // The stream is under way: what is wrong is said in it.
    if (!signal.aborted) await sink.writeError(statusOf(error));
  }
}

function endsInitialEvents(event: StorageEvent): boolean {
  return event.type === 'bookmark' && event.endsInitialEvents;
}

function withWatch(query: URLSearchParams): URLSearchParams {
  const copy = new URLSearchParams(query);
  copy.set('watch', 'true');
  return copy;
}

function watchQuery(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  options: ListOptions,
): WatchQuery {
  const selection = endpoint.selectors.selection({
    labels: options.labelSelector,
    fields: fieldsFor(exchange, options),
  });
  return {
    ...scopeOf(exchange.info.namespace, selection),
    filter: selection.filter,
    filterKey: selection.filterKey,
    afterRevision: parseResourceVersion(options.resourceVersion),
    sendInitialEvents: options.sendInitialEvents === true,
    bookmarks: options.allowWatchBookmarks,
  };
}

/** The old paths name the object: `/api/v1/watch/namespaces/NS/pods/NAME`. */
function fieldsFor({ info }: Exchange, { fieldSelector }: ListOptions): string {
  const name = info.parts[1] ?? '';
  if (name === '') return fieldSelector;
  const own = `metadata.name=${name}`;
  if (fieldSelector === '' || fieldSelector === own) return own;
  throw badRequest("fieldSelector metadata.name doesn't match requested name");
}
