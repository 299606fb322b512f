import { assert } from './assert.js';

/** Most items in a leaf, and most children of an inner node. Measured: 32 to 128 are alike, 64 splits least memory. */
const nodeSizeMax = 64;
/** A node with fewer is joined with a neighbour. */
const nodeSizeMin = nodeSizeMax / 4;

interface Leaf<V> {
  readonly isLeaf: true;
  readonly keys: string[];
  readonly values: V[];
  /** How many values of the leaf are counted. */
  counted: number;
  next: Leaf<V> | null;
  previous: Leaf<V> | null;
}

interface Inner<V> {
  readonly isLeaf: false;
  /** keys[i] is the smallest key that child i+1 may hold. Invariant: keys.length = children.length - 1. */
  readonly keys: string[];
  readonly children: Node<V>[];
  /** Sum over the children. */
  counted: number;
}

type Node<V> = Leaf<V> | Inner<V>;

/** A position in a tree. Any insertion or deletion makes it invalid; seek again then. */
export class BTreeCursor<V> {
  #leaf: Leaf<V> | null;
  #at: number;

  /** Only trees make cursors. */
  constructor(leaf: Leaf<V> | null, at: number) {
    this.#leaf = leaf;
    this.#at = at;
    this.#settle();
  }

  /** False once the cursor has gone past either end. */
  get valid(): boolean {
    return this.#leaf !== null;
  }

  /** The key here. The cursor is valid. */
  get key(): string {
    return (this.#leaf as Leaf<V>).keys[this.#at] as string;
  }

  /** The value here. The cursor is valid. */
  get value(): V {
    return (this.#leaf as Leaf<V>).values[this.#at] as V;
  }

  /** Goes to the next greater key. */
  next(): void {
    this.#at++;
    this.#settle();
  }

  /** Goes to the next smaller key. */
  previous(): void {
    this.#at--;
    this.#settle();
  }

  #settle(): void {
    let leaf = this.#leaf;
    if (leaf === null) return;
    if (this.#at >= leaf.keys.length) {
      leaf = leaf.next;
      this.#at = 0;
    } else if (this.#at < 0) {
      leaf = leaf.previous;
      this.#at = leaf === null ? 0 : leaf.keys.length - 1;
    }
    // Only the single leaf of an empty tree has no keys.
    this.#leaf = leaf === null || leaf.keys.length === 0 ? null : leaf;
  }
}

/**
 * An ordered map from strings to values: a B+tree. Keys compare by UTF-16 code unit, which for latin1 strings is the
 * order of the bytes they stand for.
 *
 * The tree also answers how many *counted* values lie in a range in logarithmic time. Which values count is a property
 * of the value that its owner may change; it then says so with {@link recount}.
 */
export class BTree<V> {
  readonly #isCounted: (value: V) => boolean;
  #root: Node<V> = newLeaf<V>();
  #size = 0;

  /** `isCounted` is a pure function of the value's present state. By default every value counts. */
  constructor(isCounted: (value: V) => boolean = () => true) {
    this.#isCounted = isCounted;
  }

  /** How many keys the tree has. */
  get size(): number {
    return this.#size;
  }

  /** How many of its values count. */
  get counted(): number {
    return this.#root.counted;
  }

  get(key: string): V | undefined {
    const leaf = this.#leafOf(key);
    const at = lowerBound(leaf.keys, key);
    return leaf.keys[at] === key ? leaf.values[at] : undefined;
  }

  /** Sets the value of a key, inserting the key when it is not there. */
  set(key: string, value: V): void {
    const right = this.#insert(this.#root, key, value);
    if (right === null) return;
    const left = this.#root;
    this.#root = {
      isLeaf: false,
      keys: [right.smallest],
      children: [left, right.node],
      counted: left.counted + right.node.counted,
    };
  }

  /** Fills an empty tree with keys that ascend strictly, in linear time. Nodes come out full by seven eighths. */
  fill(keys: readonly string[], values: readonly V[]): void {
    assert(this.#size === 0 && keys.length === values.length);
    let level: Split<V>[] = [];
    let previous: Leaf<V> | null = null;
    for (const [from, to] of evenParts(keys.length)) {
      const leaf: Leaf<V> = newLeaf(keys.slice(from, to), values.slice(from, to));
      leaf.counted = this.#countOf(leaf);
      if (previous !== null) linkAfter(previous, leaf);
      previous = leaf;
      level.push({ smallest: leaf.keys[0] as string, node: leaf });
    }
    while (level.length > 1) {
      level = evenParts(level.length).map(([from, to]) => innerOf(level.slice(from, to)));
    }
    if (level.length === 1) this.#root = (level[0] as Split<V>).node;
    this.#size = keys.length;
  }

  /** Removes a key; false when it was not there. */
  delete(key: string): boolean {
    const before = this.#size;
    this.#remove(this.#root, key);
    if (!this.#root.isLeaf && this.#root.children.length === 1) {
      this.#root = this.#root.children[0] as Node<V>;
    }
    return this.#size < before;
  }

  /** Tells the tree that the value of `key`, which is there, became counted (+1) or stopped being so (-1). */
  recount(key: string, change: 1 | -1): void {
    let node = this.#root;
    while (!node.isLeaf) {
      node.counted += change;
      node = node.children[upperBound(node.keys, key)] as Node<V>;
    }
    node.counted += change;
  }

  /** At the first key >= `key`. */
  seek(key: string): BTreeCursor<V> {
    const leaf = this.#leafOf(key);
    return new BTreeCursor(leaf, lowerBound(leaf.keys, key));
  }

  /** At the last key < `key`; null: at the last key of all. */
  seekBefore(key: string | null): BTreeCursor<V> {
    if (key !== null) {
      const leaf = this.#leafOf(key);
      return new BTreeCursor(leaf, lowerBound(leaf.keys, key) - 1);
    }
    let node = this.#root;
    while (!node.isLeaf) node = node.children[node.children.length - 1] as Node<V>;
    return new BTreeCursor(node, node.keys.length - 1);
  }

  /** How many counted values have a key >= `lower` and < `upper` (null: no upper bound). */
  countBetween(lower: string, upper: string | null): number {
    if (upper !== null && upper <= lower) return 0;
    const below = upper === null ? this.#root.counted : this.#countBelow(upper);
    return below - this.#countBelow(lower);
  }

  /** Checks every invariant in O(size); for tests and `verify`. */
  check(): boolean {
    const { keys, counted } = this.#checkNode(this.#root, null, null, true);
    assert(keys === this.#size, 'the size is not the number of keys');
    assert(counted === this.#root.counted, 'the counts do not add up');
    return true;
  }

  #countBelow(key: string): number {
    let node = this.#root;
    let count = 0;
    while (!node.isLeaf) {
      const at = upperBound(node.keys, key);
      for (let i = 0; i < at; i++) count += (node.children[i] as Node<V>).counted;
      node = node.children[at] as Node<V>;
    }
    const at = lowerBound(node.keys, key);
    for (let i = 0; i < at; i++) if (this.#isCounted(node.values[i] as V)) count++;
    return count;
  }

  #leafOf(key: string): Leaf<V> {
    let node = this.#root;
    while (!node.isLeaf) node = node.children[upperBound(node.keys, key)] as Node<V>;
    return node;
  }

  #insert(node: Node<V>, key: string, value: V): Split<V> | null {
    const before = node.counted;
    if (node.isLeaf) {
      const at = lowerBound(node.keys, key);
      if (node.keys[at] === key) {
        node.counted +=
          Number(this.#isCounted(value)) - Number(this.#isCounted(node.values[at] as V));
        node.values[at] = value;
        return null;
      }
      node.keys.splice(at, 0, key);
      node.values.splice(at, 0, value);
      node.counted += Number(this.#isCounted(value));
      this.#size++;
      return node.keys.length <= nodeSizeMax ? null : this.#splitLeaf(node);
    }
    const at = upperBound(node.keys, key);
    const child = node.children[at] as Node<V>;
    const childBefore = child.counted;
    const right = this.#insert(child, key, value);
    node.counted = before - childBefore + child.counted;
    if (right === null) return null;
    node.keys.splice(at, 0, right.smallest);
    node.children.splice(at + 1, 0, right.node);
    node.counted += right.node.counted;
    return node.children.length <= nodeSizeMax ? null : splitInner(node);
  }

  /** A leaf at the right edge grows at its end most of the time: then the left part stays full. */
  #splitLeaf(leaf: Leaf<V>): Split<V> {
    const at = leaf.next === null ? nodeSizeMax - 4 : nodeSizeMax / 2;
    const right = newLeaf<V>(leaf.keys.splice(at), leaf.values.splice(at));
    right.counted = this.#countOf(right);
    leaf.counted -= right.counted;
    linkAfter(leaf, right);
    return { smallest: right.keys[0] as string, node: right };
  }

  #countOf(leaf: Leaf<V>): number {
    let count = 0;
    for (const value of leaf.values) if (this.#isCounted(value)) count++;
    return count;
  }

  #remove(node: Node<V>, key: string): void {
    if (node.isLeaf) {
      const at = lowerBound(node.keys, key);
      if (node.keys[at] !== key) return;
      if (this.#isCounted(node.values[at] as V)) node.counted--;
      node.keys.splice(at, 1);
      node.values.splice(at, 1);
      this.#size--;
      return;
    }
    const at = upperBound(node.keys, key);
    const child = node.children[at] as Node<V>;
    const before = child.counted;
    this.#remove(child, key);
    node.counted += child.counted - before;
    const length = child.isLeaf ? child.keys.length : child.children.length;
    if (length < nodeSizeMin && node.children.length > 1) {
      this.#join(node, Math.min(at, node.children.length - 2));
    }
  }

  /** Makes one node of children `at` and `at + 1`, or two equally full ones. */
  #join(parent: Inner<V>, at: number): void {
    const left = parent.children[at] as Node<V>;
    const right = parent.children[at + 1] as Node<V>;
    const together = left.counted + right.counted;
    if (left.isLeaf) {
      assert(right.isLeaf);
      left.keys.push(...right.keys);
      left.values.push(...right.values);
      left.next = right.next;
      if (right.next !== null) right.next.previous = left;
    } else {
      assert(!right.isLeaf);
      left.keys.push(parent.keys[at] as string, ...right.keys);
      left.children.push(...right.children);
    }
    left.counted = together;
    parent.keys.splice(at, 1);
    parent.children.splice(at + 1, 1);
    const split = this.#splitIfFull(left);
    if (split === null) return;
    parent.keys.splice(at, 0, split.smallest);
    parent.children.splice(at + 1, 0, split.node);
  }

  #splitIfFull(node: Node<V>): Split<V> | null {
    if (!node.isLeaf) return node.children.length <= nodeSizeMax ? null : splitInner(node);
    if (node.keys.length <= nodeSizeMax) return null;
    const at = node.keys.length >> 1;
    const right = newLeaf<V>(node.keys.splice(at), node.values.splice(at));
    right.counted = this.#countOf(right);
    node.counted -= right.counted;
    linkAfter(node, right);
    return { smallest: right.keys[0] as string, node: right };
  }

  #checkNode(
    node: Node<V>,
    lower: string | null,
    upper: string | null,
    isRoot: boolean,
  ): { keys: number; counted: number } {
    for (let i = 0; i < node.keys.length; i++) {
      const key = node.keys[i] as string;
      assert(lower === null || key >= lower, 'a key is below its node');
      assert(upper === null || key < upper, 'a key is above its node');
      assert(i === 0 || (node.keys[i - 1] as string) < key, 'keys are out of order');
    }
    if (node.isLeaf) {
      assert(isRoot || node.keys.length > 0, 'a leaf is empty');
      assert(node.keys.length <= nodeSizeMax, 'a leaf is too full');
      assert(node.counted === this.#countOf(node), 'a leaf counts wrong');
      return { keys: node.keys.length, counted: node.counted };
    }
    assert(node.children.length === node.keys.length + 1, 'an inner node lacks a separator');
    assert(node.children.length <= nodeSizeMax, 'an inner node is too full');
    let keys = 0;
    let counted = 0;
    node.children.forEach((child, i) => {
      const below = this.#checkNode(
        child,
        i === 0 ? lower : (node.keys[i - 1] as string),
        i === node.keys.length ? upper : (node.keys[i] as string),
        false,
      );
      keys += below.keys;
      counted += below.counted;
    });
    assert(counted === node.counted, 'an inner node counts wrong');
    return { keys, counted };
  }
}

/** The new right neighbour of a node that was too full. */
interface Split<V> {
  readonly smallest: string;
  readonly node: Node<V>;
}

/** Cuts 0 to `count` into as few equal parts as nodes of seven eighths need: from, and to before. */
function evenParts(count: number): (readonly [from: number, to: number])[] {
  const parts = Math.ceil(count / ((nodeSizeMax * 7) / 8));
  return Array.from({ length: parts }, (_, i) => {
    return [Math.floor((i * count) / parts), Math.floor(((i + 1) * count) / parts)] as const;
  });
}

function innerOf<V>(parts: readonly Split<V>[]): Split<V> {
  const children = parts.map(({ node }) => node);
  const keys = parts.slice(1).map(({ smallest }) => smallest);
  const counted = children.reduce((sum, child) => sum + child.counted, 0);
  const { smallest } = parts[0] as Split<V>;
  return { smallest, node: { isLeaf: false, keys, children, counted } };
}

function newLeaf<V>(keys: string[] = [], values: V[] = []): Leaf<V> {
  return { isLeaf: true, keys, values, counted: 0, next: null, previous: null };
}

function linkAfter<V>(leaf: Leaf<V>, right: Leaf<V>): void {
  right.previous = leaf;
  right.next = leaf.next;
  if (leaf.next !== null) leaf.next.previous = right;
  leaf.next = right;
}

function splitInner<V>(node: Inner<V>): Split<V> {
  const at = node.children.length >> 1;
  const children = node.children.splice(at);
  const keys = node.keys.splice(at);
  const smallest = node.keys.pop() as string;
  let counted = 0;
  for (const child of children) counted += child.counted;
  node.counted -= counted;
  return { smallest, node: { isLeaf: false, keys, children, counted } };
}

/** Index of the first key >= `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the first key > `key`. */
function upperBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}
