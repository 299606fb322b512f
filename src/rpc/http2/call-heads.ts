import type { CallOptions } from '../service.js';
import { formatTimeout } from './grpc-fields.js';
import { type HpackEncoder, type OutgoingField, RecurringBlock } from './hpack/encoder.js';

/** The fields of a caller's metadata that no intermediary may put into a table when they are short enough to be guessed (RFC 7541 section 7.1.3). */
const secretNames: ReadonlySet<string> = new Set(['authorization', 'token']);
const guessableCharsMax = 20;
/** How many timeouts a method's calls may have before those that were are forgotten. */
const timeoutCountMax = 16;

/** The blocks of one method's calls. */
interface MethodBlocks {
  readonly plain: RecurringBlock;
  /** By timeout, milliseconds. */
  readonly timed: Map<number, RecurringBlock>;
}

/** Encodes the header lists of a connection's calls (gRPC over HTTP/2, "Requests"). Nearly all are among the few that recur. */
export class CallHeads {
  readonly #encoder: HpackEncoder;
  readonly #scheme: string;
  readonly #authority: string;
  /** Of calls without metadata. */
  readonly #plain = new Map<string, MethodBlocks>();
  /** Of calls with the metadata that came last: most callers say the same with every call, in one object. */
  #known = new Map<string, MethodBlocks>();
  #metadata: CallOptions['metadata'];

  constructor(
    encoder: HpackEncoder,
    peer: { readonly scheme: string; readonly authority: string },
  ) {
    this.#encoder = encoder;
    this.#scheme = peer.scheme;
    this.#authority = peer.authority;
  }

  /** The block of a call, to be sent before any other is encoded. */
  encode(path: string, { timeoutMs, metadata }: CallOptions): Uint8Array {
    if (metadata === undefined) return this.#recurringBlock(this.#plain, path, timeoutMs).encode();
    if (metadata === this.#metadata) {
      return this.#recurringBlock(this.#known, path, timeoutMs).encode();
    }
    this.#metadata = metadata;
    this.#known = new Map();
    const recurring = this.#recurringBlock(this.#plain, path, timeoutMs).encode();
    // Blocks follow each other within one: the first has said all that is to be said about the table.
    return Buffer.concat([recurring, this.#encoder.encode(fieldsOf(metadata, 'literal'))]);
  }

  #recurringBlock(
    methods: Map<string, MethodBlocks>,
    path: string,
    timeoutMs: number | undefined,
  ): RecurringBlock {
    const metadata = methods === this.#plain ? {} : (this.#metadata ?? {});
    const block = (more: readonly (readonly [string, string])[]) =>
      this.#block(path, more, fieldsOf(metadata, 'indexed'));
    let blocks = methods.get(path);
    if (blocks === undefined) {
      blocks = { plain: block([]), timed: new Map() };
      methods.set(path, blocks);
    }
    if (timeoutMs === undefined) return blocks.plain;
    const rounded = roundUp(timeoutMs);
    const known = blocks.timed.get(rounded);
    if (known !== undefined) return known;
    const timed = block([['grpc-timeout', formatTimeout(rounded)]]);
    if (blocks.timed.size >= timeoutCountMax) blocks.timed.clear();
    blocks.timed.set(rounded, timed);
    return timed;
  }

  #block(
    path: string,
    more: readonly (readonly [string, string])[],
    metadata: readonly OutgoingField[],
  ): RecurringBlock {
    const fields: readonly (readonly [string, string])[] = [
      [':method', 'POST'],
      [':scheme', this.#scheme],
      [':path', path],
      [':authority', this.#authority],
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
      ['user-agent', 'flotilla'],
      ...more,
    ];
    return new RecurringBlock(this.#encoder, [
      ...fields.map(([name, value]): OutgoingField => ({ name, value, kind: 'indexed' })),
      ...metadata,
    ]);
  }
}

function fieldsOf(
  metadata: NonNullable<CallOptions['metadata']>,
  kind: 'indexed' | 'literal',
): OutgoingField[] {
  return Object.entries(metadata).map(([name, value]) => {
    const lower = name.toLowerCase();
    const isIndexable = kind === 'indexed' && value.length >= guessableCharsMax;
    return {
      name: lower,
      value,
      kind: secretNames.has(lower) && !isIndexable ? 'sensitive' : kind,
    };
  });
}

/**
 * A timeout in whole milliseconds of two significant digits, at most a tenth longer: so that calls with about as much time have the
 * same header list. The caller keeps the exact one itself.
 */
export function roundUp(timeoutMs: number): number {
  const whole = Math.max(1, Math.ceil(timeoutMs));
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(whole)) - 1);
  return Math.ceil(whole / unit) * unit;
}
