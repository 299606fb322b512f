import type { GroupVersionKind } from '../../machinery/object.js';
import { notAcceptable } from '../../machinery/status-errors.js';
import { type MediaRange, parseAccept } from './media-range.js';

/** How an object is written. */
export type Serialization = 'json' | 'yaml' | 'protobuf';

/** What the client accepted. */
export interface OutputFormat {
  readonly serialization: Serialization;
  /** Into what the answer is turned first: a Table, or metadata alone. Null: as it is. */
  readonly as: GroupVersionKind | null;
  readonly isPretty: boolean;
}

/** What an endpoint can answer with. */
export interface OutputChoices {
  readonly serializations: readonly Serialization[];
  /** Whether the answer can be turned into this. */
  allowsTransform(target: GroupVersionKind, serialization: Serialization): boolean;
}

/** Media types by serialization. */
export const mediaTypes: Readonly<Record<Serialization, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
};

const jsonOutput: OutputFormat = { serialization: 'json', as: null, isPretty: false };

/** Chooses by the Accept header; throws 406 naming what there is. An absent header accepts JSON. */
export function negotiateOutput(accept: string | undefined, choices: OutputChoices): OutputFormat {
  if (accept === undefined || accept === mediaTypes.json || accept.trim() === '') return jsonOutput;
  for (const range of parseAccept(accept)) {
    const serialization = choices.serializations.find((candidate) => covers(range, candidate));
    if (serialization === undefined) continue;
    const format = formatOf(range, serialization, choices);
    if (format !== null) return format;
  }
  throw notAcceptable(choices.serializations.map((serialization) => mediaTypes[serialization]));
}

function covers({ type, subtype }: MediaRange, serialization: Serialization): boolean {
  if (type === '*') return subtype === '*';
  if (type !== 'application') return false;
  return subtype === '*' || `application/${subtype}` === mediaTypes[serialization];
}

function formatOf(
  { parameters }: MediaRange,
  serialization: Serialization,
  choices: OutputChoices,
): OutputFormat | null {
  const kind = parameters.get('as') ?? '';
  const isPretty = parameters.get('pretty') === '1';
  const stream = parameters.get('stream');
  if (stream !== undefined && stream !== 'watch') return null;
  if (kind === '') return { serialization, as: null, isPretty };
  const as = { group: parameters.get('g') ?? '', version: parameters.get('v') ?? '', kind };
  return choices.allowsTransform(as, serialization) ? { serialization, as, isPretty } : null;
}
