import type { WebHeaders } from '../web.js';
import { checkField, checkStatus } from '../web-fields.js';
import { type HpackEncoder, type OutgoingField, RecurringBlock } from './hpack/encoder.js';

/** Fields whose values are few: they enter the compression table. */
const recurringNames: ReadonlySet<string> = new Set([
  'cache-control',
  'content-encoding',
  'content-type',
  'server',
  'strict-transport-security',
  'vary',
  'x-content-type-options',
  'x-kubernetes-pf-flowschema-uid',
  'x-kubernetes-pf-prioritylevel-uid',
]);

/** Fields that speak of an HTTP/1.1 connection: here they have no meaning (RFC 9113 section 8.2.2), and are left out. */
const connectionNames: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** How many combinations of recurring fields are remembered. */
const combinationCountMax = 64;

/** Encodes the header lists of a connection's answers that are no gRPC responses. */
export class WebHeads {
  readonly #encoder: HpackEncoder;
  /** The blocks of the recurring fields that were sent together, by all of their text. */
  readonly #recurring = new Map<string, RecurringBlock>();

  constructor(encoder: HpackEncoder) {
    this.#encoder = encoder;
  }

  /** The block of an answer, to be sent before any other is encoded. Throws WebHeadError, with nothing encoded. */
  encode(status: number, headers: WebHeaders): Uint8Array {
    checkStatus(status);
    const recurring: OutgoingField[] = [
      { name: ':status', value: String(status), kind: 'indexed' },
    ];
    const others: OutgoingField[] = [];
    let key = String(status);
    for (const [anyCaseName, value] of Object.entries(headers)) {
      const name = anyCaseName.toLowerCase();
      if (connectionNames.has(name)) continue;
      if (typeof value === 'string' && recurringNames.has(name)) {
        checkField(name, value);
        recurring.push({ name, value: value.trim(), kind: 'indexed' });
        key += `\n${name}:${value}`;
      } else {
        addLiterals(others, name, value);
      }
    }
    const block = this.#blockOf(key, recurring).encode();
    return others.length === 0 ? block : this.#encoder.encode(others, block);
  }

  /** RFC 9110 section 15.2.1: the client may send the body. */
  encodeContinue(): Uint8Array {
    return this.#encoder.encode([{ name: ':status', value: '100', kind: 'literal' }]);
  }

  #blockOf(key: string, fields: readonly OutgoingField[]): RecurringBlock {
    const known = this.#recurring.get(key);
    if (known !== undefined) return known;
    if (this.#recurring.size >= combinationCountMax) this.#recurring.clear();
    const block = new RecurringBlock(this.#encoder, fields);
    this.#recurring.set(key, block);
    return block;
  }
}

function addLiterals(
  fields: OutgoingField[],
  name: string,
  value: string | readonly string[],
): void {
  for (const one of typeof value === 'string' ? [value] : value) {
    checkField(name, one);
    // Section 8.2.1: no blanks around a value, which HTTP/1.1 would have ignored.
    fields.push({ name, value: one.trim(), kind: 'literal' });
  }
}
