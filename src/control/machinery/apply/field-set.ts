import { defined } from '../../../base/assert.js';
import type { ElementPath, PathElement } from './path-element.js';
import { comparePathElements } from './path-element.js';

/**
 * A set of fields of an object, as a tree of the steps that lead to them. A field may be in the set and so may fields below it,
 * independently. Sets are changed only while they are built ({@link FieldSet.add}); all operations make new sets, which share what
 * did not change with the old ones, down to being the old one.
 * Invariant: a node other than the root is a member or has members below.
 */
export class FieldSet {
  #isMember = false;
  #children: Map<PathElement, FieldSet> | undefined = undefined;

  /** The set of these fields. */
  static of(...paths: readonly ElementPath[]): FieldSet {
    const set = new FieldSet();
    for (const path of paths) set.add(path);
    return set;
  }

  /** Whether the field that the tree hangs on is in the set itself; never of a whole object. */
  get isMember(): boolean {
    return this.#isMember;
  }

  /** The subtrees, by the step that leads to each; in no particular order. */
  get children(): ReadonlyMap<PathElement, FieldSet> {
    return this.#children ?? noChildren;
  }

  get isEmpty(): boolean {
    return !this.#isMember && this.#children === undefined;
  }

  /** Adds a field; the first `length` steps of a path that goes on. The object itself, an empty path, is no field. Builders only. */
  add(path: ElementPath, length = path.length): void {
    if (length === 0) return;
    let node: FieldSet = this;
    for (let at = 0; at < length; at++) node = node.#descend(path[at] as PathElement);
    node.#isMember = true;
  }

  /** Puts a subtree at a step that has none yet. Builders only. */
  attach(element: PathElement, subtree: FieldSet): void {
    if (subtree.isEmpty) return;
    this.#children ??= new Map();
    const known = this.#children.get(element);
    this.#children.set(element, known === undefined ? subtree : known.union(subtree));
  }

  /** A tree of one node that is a member, or is not: what builders begin a subtree with. */
  static node(isMember: boolean): FieldSet {
    const node = new FieldSet();
    node.#isMember = isMember;
    return node;
  }

  has(path: ElementPath): boolean {
    let node: FieldSet | undefined = this;
    for (const element of path) {
      node = node.#children?.get(element);
      if (node === undefined) return false;
    }
    return node.#isMember && path.length > 0;
  }

  /** The fields of either. */
  union(other: FieldSet): FieldSet {
    if (other.isEmpty || other === this) return this;
    if (this.isEmpty) return other;
    const result = FieldSet.node(this.#isMember || other.#isMember);
    for (const [element, child] of this.children) {
      const match = other.#children?.get(element);
      result.attach(element, match === undefined ? child : child.union(match));
    }
    for (const [element, child] of other.children) {
      if (this.#children?.has(element) !== true) result.attach(element, child);
    }
    return result;
  }

  /** The fields of both. */
  intersection(other: FieldSet): FieldSet {
    if (other === this) return this;
    const result = FieldSet.node(this.#isMember && other.#isMember);
    for (const [element, child] of this.children) {
      const match = other.#children?.get(element);
      if (match !== undefined) result.attach(element, child.intersection(match));
    }
    return result;
  }

  /** The fields that `other` does not have; what is below a field of `other` stays. */
  difference(other: FieldSet): FieldSet {
    if (other.isEmpty || this.isEmpty) return this;
    const isMember = this.#isMember && !other.#isMember;
    return this.#mapped(isMember, (child, element) => {
      const match = other.#children?.get(element);
      return match === undefined ? child : child.difference(match);
    });
  }

  /** The fields that `other` neither has nor has a field above. */
  recursiveDifference(other: FieldSet): FieldSet {
    if (other.isEmpty || this.isEmpty) return this;
    const isMember = this.#isMember && !other.#isMember;
    return this.#mapped(isMember, (child, element) => {
      const match = other.#children?.get(element);
      if (match === undefined) return child;
      return match.#isMember ? noFields : child.recursiveDifference(match);
    });
  }

  /** The fields that have no other fields of the set below them. */
  leaves(): FieldSet {
    const isLeaf = this.#isMember && this.#children === undefined;
    return this.#mapped(isLeaf, (child) => child.leaves());
  }

  equals(other: FieldSet): boolean {
    if (this === other) return true;
    if (this.#isMember !== other.#isMember || this.children.size !== other.children.size)
      return false;
    for (const [element, child] of this.children) {
      const match = other.#children?.get(element);
      if (match === undefined || !child.equals(match)) return false;
    }
    return true;
  }

  /** All fields: those of one level in their order, then level by level what is below each. */
  *paths(prefix: ElementPath = []): Generator<ElementPath> {
    const children = this.sortedChildren();
    for (const [element, child] of children) if (child.#isMember) yield [...prefix, element];
    for (const [element, child] of children) yield* child.paths([...prefix, element]);
  }

  /** The subtrees in the order in which they are written. */
  sortedChildren(): readonly (readonly [PathElement, FieldSet])[] {
    return this.sortedElements().map((element) => [element, this.child(element)]);
  }

  /** The steps to the subtrees in the order in which they are written. */
  sortedElements(): readonly PathElement[] {
    return this.order().elements;
  }

  /** The same, with each as it is written. */
  order(): ElementOrder {
    return orderOf([...this.children.keys()]);
  }

  /** The subtree at a step that has one. */
  child(element: PathElement): FieldSet {
    return defined(this.#children?.get(element), element);
  }

  #descend(element: PathElement): FieldSet {
    this.#children ??= new Map();
    let child = this.#children.get(element);
    if (child === undefined) {
      child = new FieldSet();
      this.#children.set(element, child);
    }
    return child;
  }

  /** This tree with other subtrees; itself when nothing is different. */
  #mapped(
    isMember: boolean,
    change: (child: FieldSet, element: PathElement) => FieldSet,
  ): FieldSet {
    const result = FieldSet.node(isMember);
    let isSame = isMember === this.#isMember;
    for (const [element, child] of this.children) {
      const changed = change(child, element);
      isSame &&= changed === child;
      result.attach(element, changed);
    }
    return isSame ? this : result;
  }
}

/** Steps in the order in which they are written, and how: as the name of a member of a JSON object, with the colon. */
export interface ElementOrder {
  readonly elements: readonly PathElement[];
  readonly members: readonly string[];
}

/** Steps in their order, by what they were in another: sets of objects of one template have the same. */
const orders = new Map<string, ElementOrder>();
const ordersMax = 1024;

function orderOf(elements: PathElement[]): ElementOrder {
  const key = elements.length === 1 ? (elements[0] as string) : JSON.stringify(elements);
  let order = orders.get(key);
  if (order === undefined) {
    elements.sort(comparePathElements);
    order = { elements, members: elements.map((element) => `${JSON.stringify(element)}:`) };
    if (orders.size >= ordersMax) orders.clear();
    orders.set(key, order);
  }
  return order;
}

const noChildren: ReadonlyMap<PathElement, FieldSet> = new Map();

/** The empty set. */
export const noFields = new FieldSet();
