import type { HttpDate } from '../http-date.js';
import type { WebHeaders } from '../web.js';
import { checkField, checkStatus } from '../web-fields.js';
import { type HpackEncoder, type OutgoingField, RecurringBlock } from './hpack/encoder.js';

/**
 * What is done with some fields. `recurring`: their values are few, and they enter the compression table. `dropped`: they speak of
 * an HTTP/1.1 connection, and have no meaning here (RFC 9113 section 8.2.2).
 */
const treatments: ReadonlyMap<string, 'recurring' | 'dropped'> = new Map([
  ['cache-control', 'recurring'],
  ['content-encoding', 'recurring'],
  ['content-type', 'recurring'],
  ['server', 'recurring'],
  ['strict-transport-security', 'recurring'],
  ['vary', 'recurring'],
  ['x-content-type-options', 'recurring'],
  ['x-kubernetes-pf-flowschema-uid', 'recurring'],
  ['x-kubernetes-pf-prioritylevel-uid', 'recurring'],
  ['connection', 'dropped'],
  ['keep-alive', 'dropped'],
  ['proxy-connection', 'dropped'],
  ['transfer-encoding', 'dropped'],
  ['upgrade', 'dropped'],
]);

/** How many combinations of recurring fields are remembered. */
const combinationCountMax = 32;

/** Recurring fields that were sent together. */
interface Combination {
  readonly status: number;
  /** Names and values in turns. */
  readonly fields: readonly string[];
  readonly block: RecurringBlock;
}

/** Encodes the header lists of a connection's answers that are no gRPC responses. */
export class WebHeads {
  readonly #encoder: HpackEncoder;
  readonly #date: HttpDate;
  /** Those sent last are the last. */
  #combinations: Combination[] = [];

  constructor(encoder: HpackEncoder, date: HttpDate) {
    this.#encoder = encoder;
    this.#date = date;
  }

  /** The block of an answer, to be sent before any other is encoded. Throws WebHeadError, with nothing encoded. */
  encode(status: number, headers: WebHeaders): Uint8Array {
    checkStatus(status);
    const recurring: string[] = [];
    const others: OutgoingField[] = [];
    let hasDate = false;
    for (const anyCaseName in headers) {
      const value = headers[anyCaseName] as string | readonly string[];
      const name = anyCaseName.toLowerCase();
      const treatment = treatments.get(name);
      if (treatment === 'dropped') continue;
      if (name === 'date') hasDate = true;
      if (treatment === 'recurring' && typeof value === 'string') recurring.push(name, value);
      else addLiterals(others, name, value);
    }
    const { block } = this.#combinationOf(status, recurring);
    // All answers of a second have the same.
    if (!hasDate) others.push({ name: 'date', value: this.#date.text, kind: 'indexed' });
    return this.#encoder.encode(others, block.encode());
  }

  /** RFC 9110 section 15.2.1: the client may send the body. */
  encodeContinue(): Uint8Array {
    return this.#encoder.encode([{ name: ':status', value: '100', kind: 'literal' }]);
  }

  #combinationOf(status: number, fields: readonly string[]): Combination {
    const known = this.#combinations;
    for (let i = known.length - 1; i >= 0; i--) {
      const combination = known[i] as Combination;
      if (combination.status === status && isSame(combination.fields, fields)) return combination;
    }
    const made = { status, fields, block: this.#blockOf(status, fields) };
    if (known.length >= combinationCountMax)
      this.#combinations = known.slice(-combinationCountMax / 2);
    this.#combinations.push(made);
    return made;
  }

  #blockOf(status: number, fields: readonly string[]): RecurringBlock {
    const list: OutgoingField[] = [{ name: ':status', value: String(status), kind: 'indexed' }];
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i] as string;
      const value = fields[i + 1] as string;
      checkField(name, value);
      list.push({ name, value: value.trim(), kind: 'indexed' });
    }
    return new RecurringBlock(this.#encoder, list);
  }
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  if (some.length !== others.length) return false;
  for (let i = 0; i < some.length; i++) if (some[i] !== others[i]) return false;
  return true;
}

function addLiterals(
  fields: OutgoingField[],
  name: string,
  value: string | readonly string[],
): void {
  if (typeof value === 'string') addLiteral(fields, name, value);
  else for (const one of value) addLiteral(fields, name, one);
}

/** Section 8.2.1: no blanks around a value, which HTTP/1.1 would have ignored. */
function addLiteral(fields: OutgoingField[], name: string, value: string): void {
  checkField(name, value);
  fields.push({ name, value: value.trim(), kind: 'literal' });
}
