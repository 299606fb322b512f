import { codeBits, codes, eosSymbol } from './huffman-code.js';

/**
 * Huffman coding of strings (RFC 7541 section 5.2). The decoder is a state machine over half octets: a state is an inner
 * node of the code tree, and as no code is shorter than 5 bits, a half octet completes at most one symbol.
 */

/** Transition: next state * 2^9 + the symbol completed, or `noSymbol`. */
const noSymbol = 0x1ff;
const symbolBits = 9;
/** A transition into a code that no symbol has, or into EOS, which may not be encoded. */
const dead = -1;

interface Machine {
  /** By state * 16 + half octet. */
  readonly next: Int32Array;
  /** Whether the input may end in a state: less than 8 bits into EOS (section 5.2). */
  readonly mayEnd: Uint8Array;
}

const machine = buildMachine();

/** A tree node: two children; a symbol as a leaf is its number, an inner node is -(state) - 1. */
type Node = [number | null, number | null];

function buildTree(): Node[] {
  const nodes: Node[] = [[null, null]];
  for (let symbol = 0; symbol <= eosSymbol; symbol++) {
    const bits = codeBits[symbol] ?? 0;
    const code = codes[symbol] ?? 0;
    let state = 0;
    for (let bit = bits - 1; bit > 0; bit--) state = childOf(nodes, state, (code >> bit) & 1);
    const node = nodes[state] as Node;
    node[code & 1] = symbol;
  }
  return nodes;
}

function childOf(nodes: Node[], state: number, bit: number): number {
  const node = nodes[state] as Node;
  const child = node[bit];
  if (typeof child === 'number') return -child - 1;
  node[bit] = -nodes.length - 1;
  nodes.push([null, null]);
  return nodes.length - 1;
}

function buildMachine(): Machine {
  const nodes = buildTree();
  const next = new Int32Array(nodes.length * 16);
  for (let state = 0; state < nodes.length; state++) {
    for (let half = 0; half < 16; half++) next[state * 16 + half] = step(nodes, state, half);
  }
  const mayEnd = new Uint8Array(nodes.length);
  for (let state = 0, depth = 0; depth < 8; depth++) {
    mayEnd[state] = 1;
    state = -((nodes[state] as Node)[1] as number) - 1;
  }
  return { next, mayEnd };
}

function step(nodes: readonly Node[], start: number, half: number): number {
  let state = start;
  let symbol = noSymbol;
  for (let bit = 3; bit >= 0; bit--) {
    const child = (nodes[state] as Node)[(half >> bit) & 1] as number;
    if (child === eosSymbol) return dead;
    if (child >= 0) {
      symbol = child;
      state = 0;
    } else {
      state = -child - 1;
    }
  }
  return (state << symbolBits) | symbol;
}

/** The most octets that `length` encoded ones can stand for. */
export function decodedBytesMax(length: number): number {
  return Math.floor((length * 8) / 5);
}

/**
 * Decodes `bytes[start, end)` into `target`, which has room for {@link decodedBytesMax}. Returns how many octets there
 * are, or -1 when EOS occurs, or the padding is longer than 7 bits or not the beginning of EOS.
 */
export function huffmanDecode(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
): number {
  const { next, mayEnd } = machine;
  let state = 0;
  let length = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    const first = next[state * 16 + (byte >> 4)] as number;
    if (first === dead) return -1;
    if ((first & noSymbol) !== noSymbol) target[length++] = first & 0xff;
    const second = next[(first >> symbolBits) * 16 + (byte & 15)] as number;
    if (second === dead) return -1;
    if ((second & noSymbol) !== noSymbol) target[length++] = second & 0xff;
    state = second >> symbolBits;
  }
  return mayEnd[state] === 1 ? length : -1;
}

/** How many octets the text (latin1) takes when encoded. */
export function huffmanEncodedBytes(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += codeBits[text.charCodeAt(i) & 0xff] as number;
  return Math.ceil(bits / 8);
}

/** Encodes the text (latin1) at `offset` of `target`; returns the offset after it. */
export function huffmanEncode(text: string, target: Uint8Array, offset: number): number {
  let pos = offset;
  /** Bits not written yet, fewer than 8, and their count. */
  let held = 0;
  let heldBits = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i) & 0xff;
    const code = codes[symbol] as number;
    for (let left = codeBits[symbol] as number; left > 0; ) {
      const taken = Math.min(left, 8 - heldBits);
      left -= taken;
      held = (held << taken) | ((code >> left) & ((1 << taken) - 1));
      heldBits += taken;
      if (heldBits === 8) {
        target[pos++] = held;
        held = 0;
        heldBits = 0;
      }
    }
  }
  if (heldBits > 0) target[pos++] = (held << (8 - heldBits)) | (0xff >> heldBits);
  return pos;
}
