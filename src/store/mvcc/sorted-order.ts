/** Fewer texts than this are sorted by comparing. */
const smallCount = 256;
/** A double holds this many bits exactly. */
const exactBits = 53;
const prefixBytes = 4;
/** A byte is one more than itself in a prefix, so that the end of a text comes before a zero byte. */
const digits = 257;
const prefixBits = Math.ceil(prefixBytes * Math.log2(digits));

/**
 * The order of different latin1 texts: numbers of the smallest, the next and so on. Radix sort from the front: the four
 * bytes behind the common prefix and the text's number make one number, and numbers are sorted natively without comparing
 * texts; what is equal in these four bytes is sorted further. A million keys take about half a second.
 */
export function sortedOrder(texts: readonly string[]): Uint32Array {
  const order = Uint32Array.from({ length: texts.length }, (_, i) => i);
  sortPart(texts, order);
  return order;
}

function sortPart(texts: readonly string[], order: Uint32Array): void {
  const count = order.length;
  if (count < smallCount) {
    order.sort((a, b) => ((texts[a] as string) < (texts[b] as string) ? -1 : 1));
    return;
  }
  const skip = commonPrefix(texts, order);
  const positionBits = Math.ceil(Math.log2(count));
  const positions = 2 ** positionBits;
  // With very many texts, not all bits of the prefix have room beside the position.
  const shrink = 2 ** Math.max(0, prefixBits + positionBits - exactBits);
  const numbers = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const prefix = Math.floor(prefixNumber(texts[order[i] as number] as string, skip) / shrink);
    numbers[i] = prefix * positions + i;
  }
  numbers.sort();
  const before = order.slice();
  let groupStart = 0;
  let groupPrefix = -1;
  for (let i = 0; i < count; i++) {
    const number = numbers[i] as number;
    const prefix = Math.floor(number / positions);
    order[i] = before[number - prefix * positions] as number;
    if (prefix === groupPrefix) continue;
    if (i - groupStart > 1) sortPart(texts, order.subarray(groupStart, i));
    groupStart = i;
    groupPrefix = prefix;
  }
  if (count - groupStart > 1) sortPart(texts, order.subarray(groupStart, count));
}

/** How many first bytes all these texts share. */
function commonPrefix(texts: readonly string[], order: Uint32Array): number {
  const first = texts[order[0] as number] as string;
  let shared = first.length;
  for (let i = 1; i < order.length; i++) {
    const text = texts[order[i] as number] as string;
    if (text.length < shared) shared = text.length;
    let same = 0;
    while (same < shared && text.charCodeAt(same) === first.charCodeAt(same)) same++;
    shared = same;
  }
  return shared;
}

/** The four bytes from `skip` on as a number. */
function prefixNumber(text: string, skip: number): number {
  let number = 0;
  for (let i = skip; i < skip + prefixBytes; i++) {
    number = number * digits + (i < text.length ? text.charCodeAt(i) + 1 : 0);
  }
  return number;
}
