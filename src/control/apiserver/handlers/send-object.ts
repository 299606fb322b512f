import type { TableLayout } from '../../api/kind-definition.js';
import type { JsonObject } from '../../machinery/json.js';
import { fieldsOf, type KubeObject } from '../../machinery/object.js';
import type { Exchange } from '../exchange.js';
import { mediaTypes } from '../negotiation/output-format.js';
import { sendParts } from '../negotiation/send-bytes.js';
import { isTable } from '../negotiation/transform.js';
import type { StoredObject } from '../storage/contracts.js';
import { defaultLayout } from '../tables/default-layout.js';
import { partialObjectMetadata } from '../tables/partial-object.js';
import { parseIncludeObject, renderTable } from '../tables/table.js';
import { objectFor, type ResourceEndpoint } from './endpoint.js';
import { isPlainJson, type Output, sendDocument } from './output.js';

const lineFeed = new Uint8Array([0x0a]);

/** Answers one object in the version and format that the client asked for. */
export async function sendStored(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  output: Output,
  answer: { readonly status: number; readonly stored: StoredObject },
): Promise<void> {
  const { status, stored } = answer;
  exchange.observer?.onResponseObject(stored.object);
  if (isPlainJson(output) && endpoint.resource.conversion === null) {
    const parts = output.omitsManagedFields ? stored.bareJson() : [stored.json()];
    await sendParts(exchange, status, mediaTypes.json, [...parts, lineFeed]);
  } else {
    const object = objectFor(endpoint, stored);
    const layout = endpoint.resource.rules.table ?? defaultLayout;
    await sendObject(exchange, output, { status, object, layout });
  }
}

/** The same for an object that is made for this answer; `layout` is its row in a table. */
export async function sendObject(
  exchange: Exchange,
  output: Output,
  answer: { readonly status: number; readonly object: KubeObject; readonly layout: TableLayout },
): Promise<void> {
  const document = transformed(exchange, output, answer);
  await sendDocument(exchange, output, answer.status, document);
}

function transformed(
  exchange: Exchange,
  { as }: Output,
  { object, layout }: { readonly object: KubeObject; readonly layout: TableLayout },
): JsonObject {
  if (as === null) return fieldsOf(object);
  if (!isTable(as.kind)) {
    return fieldsOf(partialObjectMetadata(object, { ...as, kind: 'PartialObjectMetadata' }));
  }
  const { resourceVersion = '' } = object.metadata;
  return renderTable(
    {
      layout,
      objects: [object],
      metadata: { resourceVersion },
      nowMs: exchange.nowMs,
      hasColumns: true,
    },
    { includeObject: parseIncludeObject(exchange.query), version: as.version },
  );
}
