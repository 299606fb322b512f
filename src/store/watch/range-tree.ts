import { Prng } from '../../base/prng.js';

/** All items of one range [start, end). A null end is no upper bound. */
interface Node<T> {
  readonly start: string;
  readonly end: string | null;
  readonly items: Set<T>;
  /** Invariant: no child's is larger. */
  readonly priority: number;
  left: Node<T> | null;
  right: Node<T> | null;
  /** The largest end in this subtree. */
  maxEnd: string | null;
}

/**
 * Items by key range, answering "whose range holds this key" in O(log n + matches): a treap by (start, end) in which every
 * node knows the largest end below it (Cormen et al., Introduction to Algorithms, 14.3). Keys are latin1 strings. Items of
 * equal ranges share a node, so what counts is the number of different ranges.
 */
export class RangeTree<T> {
  readonly #prng = new Prng(1);
  #root: Node<T> | null = null;

  add(start: string, end: string | null, item: T): void {
    const node = find(this.#root, start, end);
    if (node !== null) {
      node.items.add(item);
      return;
    }
    this.#root = insert(this.#root, {
      start,
      end,
      items: new Set([item]),
      priority: this.#prng.uint32(),
      left: null,
      right: null,
      maxEnd: end,
    });
  }

  /** A no-op when the item is not there under that range. */
  remove(start: string, end: string | null, item: T): void {
    const node = find(this.#root, start, end);
    if (node === null) return;
    node.items.delete(item);
    if (node.items.size === 0) this.#root = removeNode(this.#root, node);
  }

  /** Visits every item whose range holds the key. The tree must not be changed meanwhile. */
  visit(key: string, visitor: (item: T) => void): void {
    visitNode(this.#root, key, visitor);
  }
}

function visitNode<T>(node: Node<T> | null, key: string, visitor: (item: T) => void): void {
  if (node === null || (node.maxEnd !== null && node.maxEnd <= key)) return;
  visitNode(node.left, key, visitor);
  if (node.start > key) return;
  if (node.end === null || node.end > key) node.items.forEach(visitor);
  visitNode(node.right, key, visitor);
}

/** Order of nodes: by start, then by end, no bound last. */
function compare<T>(node: Node<T>, start: string, end: string | null): number {
  if (start !== node.start) return start < node.start ? -1 : 1;
  if (end === node.end) return 0;
  return isLower(end, node.end) ? -1 : 1;
}

function isLower(a: string | null, b: string | null): boolean {
  return a !== null && (b === null || a < b);
}

function find<T>(root: Node<T> | null, start: string, end: string | null): Node<T> | null {
  let node = root;
  while (node !== null) {
    const order = compare(node, start, end);
    if (order === 0) return node;
    node = order < 0 ? node.left : node.right;
  }
  return null;
}

function insert<T>(root: Node<T> | null, added: Node<T>): Node<T> {
  if (root === null) return added;
  if (compare(root, added.start, added.end) < 0) {
    root.left = insert(root.left, added);
    if (root.left.priority > root.priority) return rotateRight(root, root.left);
  } else {
    root.right = insert(root.right, added);
    if (root.right.priority > root.priority) return rotateLeft(root, root.right);
  }
  updateMaxEnd(root);
  return root;
}

function removeNode<T>(root: Node<T> | null, removed: Node<T>): Node<T> | null {
  if (root === null) return null;
  if (root === removed) return merge(root.left, root.right);
  if (compare(root, removed.start, removed.end) < 0) root.left = removeNode(root.left, removed);
  else root.right = removeNode(root.right, removed);
  updateMaxEnd(root);
  return root;
}

/** One treap of two, every node of `low` being before every one of `high`. */
function merge<T>(low: Node<T> | null, high: Node<T> | null): Node<T> | null {
  if (low === null) return high;
  if (high === null) return low;
  if (low.priority > high.priority) {
    low.right = merge(low.right, high);
    updateMaxEnd(low);
    return low;
  }
  high.left = merge(low, high.left);
  updateMaxEnd(high);
  return high;
}

function rotateRight<T>(root: Node<T>, left: Node<T>): Node<T> {
  root.left = left.right;
  left.right = root;
  updateMaxEnd(root);
  updateMaxEnd(left);
  return left;
}

function rotateLeft<T>(root: Node<T>, right: Node<T>): Node<T> {
  root.right = right.left;
  right.left = root;
  updateMaxEnd(root);
  updateMaxEnd(right);
  return right;
}

function updateMaxEnd<T>(node: Node<T>): void {
  let maxEnd = node.end;
  if (node.left !== null && isLower(maxEnd, node.left.maxEnd)) maxEnd = node.left.maxEnd;
  if (node.right !== null && isLower(maxEnd, node.right.maxEnd)) maxEnd = node.right.maxEnd;
  node.maxEnd = maxEnd;
}
