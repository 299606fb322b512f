import { Composer, CST, type Document, isScalar, Lexer, LineCounter, Parser, visit } from 'yaml';
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

/** The parser of the library calls itself for each level: deeper texts never reach it, so that they cannot exhaust the stack. */
const depthMax = 200;

/** The library takes a second for a megabyte, and nothing else runs meanwhile. Larger objects come as JSON, as all clients send them. */
const bytesMax = 1024 * 1024;

/**
 * What the library spends depends on the words more than on the bytes: a megabyte of anchors takes ten times as long as one of text.
 * A line of a usual object has six.
 */
const lexemeCountMax = 150_000;

/** More repeated keys are not listed. */
const repeatedKeyCountMax = 100;

/** How often anchors may be used, in all: a few of them in each other can stand for gigabytes. */
const aliasCountMax = 100;

/** Parses the one document of a YAML 1.1 text. Throws DecodeError; of several documents too, since only one would be looked at. */
export function parseYaml(bytes: Uint8Array): YamlData {
  if (bytes.length > bytesMax)
    throw new DecodeError(`yaml: the body has more than ${bytesMax} bytes; send it as JSON`);
  const lines = new LineCounter();
  const document = onlyDocument(Buffer.from(bytes).toString('utf8'), lines);
  if (document === undefined) return { value: null, problems: [] };
  const problems = repeatedKeys(document, lines);
  try {
    return { value: toJson(document.toJS({ maxAliasCount: aliasCountMax })), problems };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new DecodeError('yaml: document contains excessive aliasing', { cause: error });
  }
}

function onlyDocument(text: string, lines: LineCounter): Document | undefined {
  const tokens = [...tokensOf(text, lines)];
  for (const token of tokens) checkShape(token, lines);
  const composer = new Composer({
    version: '1.1',
    uniqueKeys: false,
    logLevel: 'silent',
    customTags: (tags) =>
      tags.filter(
        (tag) =>
          typeof tag === 'string' ||
          !(unknownTags.has(tag.tag) || ('format' in tag && tag.format === 'TIME')),
      ),
  });
  const documents: readonly Document[] = [...composer.compose(tokens)];
  const error = documents.flatMap((document) => document.errors)[0];
  if (error !== undefined) throw problemAt(error.message, error.pos[0], lines);
  if (documents.length > 1)
    throw new DecodeError('yaml: the body has several documents; send one object at a time');
  return documents[0];
}

function* tokensOf(text: string, lines: LineCounter): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (++count > lexemeCountMax)
      throw new DecodeError('yaml: the body has too many parts; send it as JSON');
    yield* parser.next(lexeme);
  }
  yield* parser.end();
}

/** Refuses what the library would spend a stack or a lifetime on: deep nesting, and lists and maps as keys. Does not call itself. */
function checkShape(root: CST.Token, lines: LineCounter): void {
  const open: [token: CST.Token | null | undefined, depth: number][] = [[root, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [token, depth] = next;
    if (depth > depthMax) throw problemAt('exceeded max depth', token?.offset ?? 0, lines);
    if (token?.type === 'document') open.push([token.value, depth]);
    if (!CST.isCollection(token)) continue;
    for (const { key, value } of token.items) {
      if (CST.isCollection(key)) throw problemAt('invalid map key', key.offset, lines);
      open.push([value, depth + 1]);
    }
  }
}

function problemAt(problem: string, offset: number, lines: LineCounter): DecodeError {
  return new DecodeError(`yaml: line ${lines.linePos(offset).line}: ${problem}`);
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
        if (keys.has(name) && name !== '<<' && found.length < repeatedKeyCountMax) {
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
function toJson(value: unknown): JsonValue {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.map((item) => toJson(item));
  if (typeof value === 'object') {
    const object: JsonObject = {};
    for (const [name, member] of Object.entries(value)) setField(object, name, toJson(member));
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
