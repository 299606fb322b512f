import type { CallOptions } from '../service.js';
import { formatTimeout } from './grpc-fields.js';
import { type HpackEncoder, type OutgoingField, RecurringBlock } from './hpack/encoder.js';

/** The fields of a caller's metadata that no intermediary may put into a table. */
const secretNames: ReadonlySet<string> = new Set(['authorization', 'token']);
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
  readonly #methods = new Map<string, MethodBlocks>();

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
    const recurring = this.#recurringBlock(path, timeoutMs).encode();
    if (metadata === undefined) return recurring;
    const fields = Object.entries(metadata).map(
      ([name, value]): OutgoingField => ({
        name: name.toLowerCase(),
        value,
        kind: secretNames.has(name.toLowerCase()) ? 'sensitive' : 'literal',
      }),
    );
    // Blocks follow each other within one: the first has said all that is to be said about the table.
    return Buffer.concat([recurring, this.#encoder.encode(fields)]);
  }

  #recurringBlock(path: string, timeoutMs: number | undefined): RecurringBlock {
    const blocks = this.#blocksOf(path);
    if (timeoutMs === undefined) return blocks.plain;
    const rounded = roundUp(timeoutMs);
    const known = blocks.timed.get(rounded);
    if (known !== undefined) return known;
    const block = this.#block(path, [['grpc-timeout', formatTimeout(rounded)]]);
    if (blocks.timed.size >= timeoutCountMax) blocks.timed.clear();
    blocks.timed.set(rounded, block);
    return block;
  }

  #blocksOf(path: string): MethodBlocks {
    let blocks = this.#methods.get(path);
    if (blocks === undefined) {
      blocks = { plain: this.#block(path, []), timed: new Map() };
      this.#methods.set(path, blocks);
    }
    return blocks;
  }

  #block(path: string, more: readonly (readonly [string, string])[]): RecurringBlock {
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
    return new RecurringBlock(
      this.#encoder,
      fields.map(([name, value]) => ({ name, value, kind: 'indexed' })),
    );
  }
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
