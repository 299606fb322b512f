import { type Document, isScalar, LineCounter, parseAllDocuments, visit } from 'yaml';
import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { setField } from '../../machinery/json-object.js';
import { quote } from '../../machinery/quote.js';
import { DecodeError } from './decode-error.js';

/** What is in a YAML text. */
export interface YamlData {
  readonly value: JsonValue;
  /** Repeated keys, as strict validation words them. */
  readonly problems: readonly string[];
}

/** Types of YAML 1.1 that Kubernetes' parser does not know: to it, these are texts. */
const unknownTags: ReadonlySet<string> = new Set([
  'tag:yaml.org,2002:binary',
  'tag:yaml.org,2002:omap',
  'tag:yaml.org,2002:pairs',
  'tag:yaml.org,2002:set',
  'tag:yaml.org,2002:timestamp',
]);

/** Parses the one document of a YAML 1.1 text. Throws DecodeError; of several documents too, since only one would be looked at. */
export function parseYaml(bytes: Uint8Array, depthMax: number): YamlData {
  const lines = new LineCounter();
  try {
    const document = onlyDocument(Buffer.from(bytes).toString('utf8'), lines);
    if (document === undefined) return { value: null, problems: [] };
    const problems = repeatedKeys(document, lines);
    return { value: toJson(document.toJS({ maxAliasCount: aliasCountMax }), depthMax), problems };
  } catch (error) {
    if (error instanceof ReferenceError)
      throw new DecodeError('yaml: document contains excessive aliasing', { cause: error });
    if (error instanceof RangeError)
      throw new DecodeError('yaml: exceeded max depth', { cause: error });
    throw error;
  }
}

/** How often anchors may be used, in all: a few of them in each other can stand for gigabytes. */
const aliasCountMax = 1000;

function onlyDocument(text: string, lineCounter: LineCounter): Document | undefined {
  const documents: readonly Document[] = parseAllDocuments(text, {
    version: '1.1',
    uniqueKeys: false,
    lineCounter,
    prettyErrors: false,
    logLevel: 'silent',
    customTags: (tags) =>
      tags.filter(
        (tag) =>
          typeof tag === 'string' ||
          !(unknownTags.has(tag.tag) || ('format' in tag && tag.format === 'TIME')),
      ),
  });
  const error = documents.flatMap((document) => document.errors)[0];
  if (error !== undefined) {
    const { line } = lineCounter.linePos(error.pos[0]);
    throw new DecodeError(`yaml: line ${line}: ${error.message}`, { cause: error });
  }
  if (documents.length > 1)
    throw new DecodeError('yaml: the body has several documents; send one object at a time');
  return documents[0];
}

/** In one text, as Kubernetes' parser has it. */
function repeatedKeys(document: Document, lines: LineCounter): string[] {
  const found: string[] = [];
  visit(document, {
    Map(_at, map) {
      const keys = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (keys.has(name) && name !== '<<') {
          const { line } = lines.linePos(key.range?.[0] ?? 0);
          found.push(`  line ${line}: key ${quote(name)} already set in map`);
        }
        keys.add(name);
      }
    },
  });
  return found.length === 0 ? [] : [['yaml: unmarshal errors:', ...found].join('\n')];
}

/** Only what JSON can say. */
function toJson(value: unknown, depthLeft: number): JsonValue {
  if (depthLeft < 0) throw new DecodeError('yaml: exceeded max depth');
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.map((item) => toJson(item, depthLeft - 1));
  if (typeof value === 'object') {
    const object: JsonObject = {};
    for (const [name, member] of Object.entries(value))
      setField(object, name, toJson(member, depthLeft - 1));
    return object;
  }
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new DecodeError(`json: unsupported value: ${infinityText(value)}`);
  return typeof value === 'bigint' ? Number(value) : (value as JsonValue);
}

function infinityText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}
