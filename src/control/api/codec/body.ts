import type { JsonValue } from '../../machinery/json.js';
import { DecodeError, ExactNumber, type ReadValue } from './decode-error.js';
import { parseExactJson } from './exact-json.js';
import { scanJson } from './json-scan.js';
import { parseYaml } from './yaml.js';

/** How the bytes of a body say what they say. */
export type BodyFormat = 'json' | 'yaml';

/** The data of a body, before anything is known about its kind. */
export interface Body {
  readonly value: ReadValue;
  /** For each object with repeated members, their names. Only known when the body is exact. */
  readonly repeated: ReadonlyMap<object, ReadonlySet<string>>;
  /** Nothing in the text was forgotten. */
  readonly isExact: boolean;
  /** Members of all objects in the text. When the value has fewer, some are repeated: {@link Body.exact} tells which. */
  readonly memberCount: number;
  /** What strict validation objects to in the text itself. */
  readonly problems: readonly string[];
  /** The same body, read again in the slow way that forgets nothing. */
  exact(): Body;
}

/** Nested deeper than this is refused, as by Go's decoder, which gives up at 10,000: what walks objects calls itself for each level. */
export const depthMax = 1000;

/** Parses a body. Throws DecodeError with the text of Go's parsers. */
export function parseBody(bytes: Uint8Array, format: BodyFormat): Body {
  return format === 'json' ? parseJsonBody(bytes) : parseYamlBody(bytes);
}

function parseJsonBody(bytes: Uint8Array): Body {
  const { depth, memberCount, hasExactNumbers } = scanJson(bytes);
  if (depth > depthMax) throw new DecodeError('exceeded max depth');
  const exact = () => finished({ ...parseExactJson(bytes, depthMax), memberCount, problems: [] });
  if (hasExactNumbers) return exact();
  try {
    const value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
    const repeated = new Map();
    return {
      value: value as JsonValue,
      repeated,
      isExact: false,
      memberCount,
      problems: [],
      exact,
    };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return exact();
  }
}

/** What clients send as YAML is JSON more often than not: an apply patch of kubectl always is. */
function parseYamlBody(bytes: Uint8Array): Body {
  const json = parseAsJson(bytes);
  if (json !== undefined) return json;
  const { value, problems } = parseYaml(bytes);
  return finished({ value, repeated: new Map(), memberCount: 0, problems });
}

/** Undefined when the text is no JSON, or has repeated members, which YAML words differently. */
function parseAsJson(bytes: Uint8Array): Body | undefined {
  if (bytes.find((byte) => byte > 0x20) !== 0x7b) return undefined;
  try {
    const body = parseJsonBody(bytes);
    const isComplete = body.isExact || countMembers(body.value) === body.memberCount;
    if (!isComplete || body.repeated.size > 0) return undefined;
    return { ...body, isExact: true };
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function countMembers(value: ReadValue): number {
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return 0;
  const members: readonly JsonValue[] = Object.values(value);
  const own = Array.isArray(value) ? 0 : members.length;
  return members.reduce<number>((count, member) => count + countMembers(member), own);
}

/** A body that another reading would tell nothing new about. */
function finished(body: Omit<Body, 'exact' | 'isExact'>): Body {
  const complete: Body = { ...body, isExact: true, exact: () => complete };
  return complete;
}
