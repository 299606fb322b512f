import type { JsonObject } from '../../machinery/json.js';
import { omitHeader, omitManagedFields } from '../../machinery/omission.js';
import { notAcceptable } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import { encodeJson } from '../negotiation/json-text.js';
import type { ProtobufCodec } from '../negotiation/object-codec.js';
import {
  mediaTypes,
  negotiateOutput,
  type OutputFormat,
  type Serialization,
} from '../negotiation/output-format.js';
import { wantsPretty } from '../negotiation/pretty.js';
import { sendParts } from '../negotiation/send-bytes.js';
import { isKnownTransform, isTable } from '../negotiation/transform.js';
import { yamlText } from '../negotiation/yaml-text.js';

/** The format of one answer. */
export interface Output extends OutputFormat {
  readonly protobuf: ProtobufCodec | null;
  /** The client does without managed fields: objects that are sent as they are kept are sent without. */
  readonly omitsManagedFields: boolean;
}

const encoder = new TextEncoder();

/**
 * Chooses by the request's headers and query; throws 406. `isStream` is a watch, which YAML cannot express; without `hasTransforms`
 * there is the document alone, no table and no metadata of it.
 */
export function negotiate(
  exchange: Exchange,
  protobuf: ProtobufCodec | null,
  {
    isStream = false,
    hasTransforms = true,
  }: { readonly isStream?: boolean; readonly hasTransforms?: boolean } = {},
): Output {
  const serializations: Serialization[] = isStream ? ['json'] : ['json', 'yaml'];
  if (protobuf !== null) serializations.push('protobuf');
  const format = negotiateOutput(exchange.header('accept'), {
    serializations,
    // Tables have no protobuf form.
    allowsTransform: (target, serialization) =>
      hasTransforms &&
      isKnownTransform(target) &&
      !(serialization === 'protobuf' && isTable(target.kind)),
  });
  const isPretty =
    format.isPretty || wantsPretty(exchange.query, exchange.header('user-agent') ?? '');
  const omitsManagedFields = exchange.header(omitHeader) === omitManagedFields;
  return { ...format, isPretty, protobuf, omitsManagedFields };
}

/** Whether JSON bytes that others share can be sent as they are. */
export function isPlainJson({ serialization, as, isPretty }: Output): boolean {
  return serialization === 'json' && as === null && !isPretty;
}

/** Sends a document in the negotiated format. */
export async function sendDocument(
  exchange: Exchange,
  output: Output,
  status: number,
  document: JsonObject,
): Promise<void> {
  const bytes = encodeDocument(output, document);
  await sendParts(exchange, status, mediaTypes[output.serialization], [bytes]);
}

function encodeDocument(
  { serialization, isPretty, protobuf }: Output,
  document: JsonObject,
): Uint8Array {
  if (serialization === 'yaml') return encoder.encode(yamlText(document));
  if (serialization === 'json') return encodeJson(document, isPretty);
  const bytes = protobuf?.encode(document) ?? null;
  if (bytes === null) throw notAcceptable([mediaTypes.json, mediaTypes.yaml]);
  return bytes;
}
