import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { apiVersionOf, fieldsOf } from '../../machinery/object.js';
import { type Status, StatusError } from '../../machinery/status.js';
import type { Exchange } from '../exchange.js';
import type { ProtobufListWriter } from '../negotiation/object-codec.js';
import { mediaTypes } from '../negotiation/output-format.js';
import { sendParts, sendStream } from '../negotiation/send-bytes.js';
import { isTable } from '../negotiation/transform.js';
import { encodeContinueToken } from '../options/continue-token.js';
import { parseListOptions } from '../options/list-options.js';
import type { ListPage } from '../storage/contracts.js';
import { defaultLayout } from '../tables/default-layout.js';
import { partialObjectMetadata } from '../tables/partial-object.js';
import { parseIncludeObject, renderTable } from '../tables/table.js';
import { objectFor, protobufOf, type ResourceEndpoint } from './endpoint.js';
import type { HandlerTools } from './handler-tools.js';
import { inPieces } from './in-pieces.js';
import { listQuery } from './list-query.js';
import { listText } from './list-text.js';
import { MixedParts } from './mixed-parts.js';
import { isPlainJson, negotiate, type Output, sendDocument } from './output.js';

const encoder = new TextEncoder();
/** Answers of more objects are sent as they are made, and are never there as a whole. */
const itemsAtOnce = 100;
/** A list in protobuf begins with its length. What is more than so many bytes of it is not kept until that is known, but written again. */
const keptBytesMax = 32 * 1024 * 1024;
/** In a token: whatever is latest. */
const latestRevision = -1;
const tail = encoder.encode(']}\n');

/** GET of a collection. */
export async function handleList(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  tools: HandlerTools,
): Promise<void> {
  const output = negotiate(exchange, protobufOf(endpoint, tools));
  const options = parseListOptions(exchange.query);
  const query = listQuery(endpoint, exchange.info.namespace, options);
  const page = await endpoint.registry.storage.list(query).catch((error: unknown) => {
    throw options.continue === '' ? error : withFreshToken(error, query.afterKey);
  });
  await sendPage(exchange, endpoint, tools, { output, page });
}

/** The list's own revision is gone: with this token its rest can be had as it is now, if that is good enough. */
function withFreshToken(error: unknown, afterKey: string): unknown {
  if (!(error instanceof StatusError) || error.reason !== 'Expired') return error;
  const metadata = { continue: encodeContinueToken({ revision: latestRevision, afterKey }) };
  return new StatusError({ ...error.status, metadata } as unknown as Status);
}

/** Answers a page of a list. */
export async function sendPage(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  { clock }: Pick<HandlerTools, 'clock'>,
  { output, page }: { readonly output: Output; readonly page: ListPage },
): Promise<void> {
  const metadata = listMetadata(page);
  if (isPlainJson(output) && endpoint.resource.conversion === null) {
    const batches = jsonBatches(endpoint, clock, { metadata, page, output });
    if (page.items.length > itemsAtOnce) await sendStream(exchange, 200, mediaTypes.json, batches);
    else await sendParts(exchange, 200, mediaTypes.json, await allOf(batches));
    return;
  }
  const writer = output.as === null ? protobufWriter(endpoint, output, metadata) : null;
  if (writer === null) {
    const render = (items: ListPage['items']) =>
      listDocument(exchange, endpoint, output, { metadata, page: { ...page, items } });
    if (page.items.length <= itemsAtOnce || output.serialization === 'protobuf') {
      await sendDocument(exchange, output, 200, render(page.items));
    } else {
      const batches = textBatches(output, clock, page.items, render);
      await sendStream(exchange, 200, mediaTypes[output.serialization], batches);
    }
    return;
  }
  await sendProtobuf(exchange, endpoint, clock, { writer, items: page.items });
}

async function sendProtobuf(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  clock: HandlerTools['clock'],
  { writer, items }: { readonly writer: ProtobufListWriter; readonly items: ListPage['items'] },
): Promise<void> {
  const make = (piece: ListPage['items']) => ({
    bytes: writer.write(piece.map((item) => fieldsOf(objectFor(endpoint, item)))),
    count: piece.length,
  });
  const kept: Uint8Array[] = [];
  let keptCount = 0;
  let keptBytes = 0;
  let size = 0;
  for await (const { bytes, count } of inPieces(items, clock, make)) {
    const isNext = size === keptBytes;
    size += bytes.length;
    if (!isNext || size > keptBytesMax) continue;
    kept.push(bytes);
    keptBytes = size;
    keptCount += count;
  }
  const { head, tail } = writer.around(size);
  if (keptCount === items.length) {
    await sendParts(exchange, 200, mediaTypes.protobuf, [head, ...kept, tail]);
    return;
  }
  const again = inPieces(items.slice(keptCount), clock, (piece) => [make(piece).bytes]);
  await sendStream(exchange, 200, mediaTypes.protobuf, inOrder([head, ...kept], again, tail));
}

async function* inOrder(
  before: readonly Uint8Array[],
  batches: AsyncIterable<readonly Uint8Array[]>,
  after: Uint8Array,
): AsyncGenerator<readonly Uint8Array[], void, undefined> {
  yield before;
  yield* batches;
  yield [after];
}

function protobufWriter(
  { resource }: ResourceEndpoint,
  { serialization, protobuf }: Output,
  metadata: JsonObject,
): ProtobufListWriter | null {
  if (serialization !== 'protobuf' || protobuf === null) return null;
  const { listKind: kind } = resource;
  return protobuf.listWriter({ apiVersion: apiVersionOf(resource), kind, metadata });
}

/** The list's own metadata (metav1.ListMeta). */
function listMetadata({ revision, nextKey, remainingCount }: ListPage): JsonObject {
  return {
    resourceVersion: String(revision),
    ...(nextKey === null ? {} : { continue: encodeContinueToken({ revision, afterKey: nextKey }) }),
    ...(nextKey === null || remainingCount === null ? {} : { remainingItemCount: remainingCount }),
  };
}

/** The list around the bytes that all readers of the objects share. */
async function* jsonBatches(
  { resource }: ResourceEndpoint,
  clock: HandlerTools['clock'],
  {
    metadata,
    page: { items },
    output,
  }: { readonly metadata: JsonObject; readonly page: ListPage; readonly output: Output },
): AsyncGenerator<readonly Uint8Array[], void, undefined> {
  const head = { kind: resource.listKind, apiVersion: apiVersionOf(resource), metadata };
  yield [encoder.encode(`${JSON.stringify(head).slice(0, -1)},"items":[`)];
  const make = (piece: ListPage['items'], isFirst: boolean) => {
    const parts = new MixedParts();
    let isNext = !isFirst;
    for (const item of piece) {
      if (isNext) parts.addComma();
      isNext = true;
      parts.add(item.jsonAmongMany({ isBare: output.omitsManagedFields }));
    }
    return parts.take();
  };
  yield* inPieces(items, clock, make);
  yield [tail];
}

async function allOf(
  batches: AsyncIterable<readonly Uint8Array[]>,
): Promise<readonly Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const parts of batches) all.push(...parts);
  return all;
}

/** A long document in pieces that are made in turns. */
async function* textBatches(
  { serialization, isPretty }: Output,
  clock: HandlerTools['clock'],
  items: ListPage['items'],
  render: (items: ListPage['items']) => JsonObject,
): AsyncGenerator<readonly Uint8Array[], void, undefined> {
  const whole = render([]);
  const field = 'rows' in whole ? 'rows' : 'items';
  const form = serialization === 'yaml' ? 'yaml' : isPretty ? 'pretty' : 'json';
  const text = listText(whole, field, form);
  yield [encoder.encode(text.head)];
  const make = (piece: ListPage['items'], isFirst: boolean) => {
    const values = render(piece)[field] as JsonValue[];
    return [encoder.encode((isFirst ? '' : text.separator) + text.piece(values))];
  };
  yield* inPieces(items, clock, make);
  yield [encoder.encode(text.tail)];
}

function listDocument(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  { as }: Output,
  { metadata, page }: { readonly metadata: JsonObject; readonly page: ListPage },
): JsonObject {
  const { resource } = endpoint;
  const objects = page.items.map((item) => objectFor(endpoint, item));
  if (as === null) {
    const items = objects as unknown as JsonValue;
    return { kind: resource.listKind, apiVersion: apiVersionOf(resource), metadata, items };
  }
  if (!isTable(as.kind)) {
    const kind = { ...as, kind: 'PartialObjectMetadata' };
    const items = objects.map((object) => partialObjectMetadata(object, kind));
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: apiVersionOf(as),
      metadata,
      items: items as unknown as JsonValue,
    };
  }
  return renderTable(
    {
      layout: resource.rules.table ?? defaultLayout,
      objects,
      metadata,
      nowMs: exchange.nowMs,
      hasColumns: true,
    },
    { includeObject: parseIncludeObject(exchange.query), version: as.version },
  );
}
