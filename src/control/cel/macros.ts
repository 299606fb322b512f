import type { ASTNode } from './parse.js';

/** A call that is none: it binds names in what follows, or looks whether something is there. */
export type Macro =
  | { readonly macro: 'has'; readonly operand: ASTNode; readonly field: string }
  | {
      readonly macro: 'bind';
      readonly name: string;
      readonly value: ASTNode;
      readonly body: ASTNode;
    }
  | {
      readonly macro: 'optMap' | 'optFlatMap';
      readonly target: ASTNode;
      readonly name: string;
      readonly body: ASTNode;
    }
  | Comprehension;

/** Goes through a list, or through the keys of a map. */
export interface Comprehension {
  readonly macro:
    | 'all'
    | 'exists'
    | 'existsOne'
    | 'map'
    | 'filter'
    | 'transformList'
    | 'transformMap'
    | 'transformMapEntry'
    | 'sortBy';
  readonly range: ASTNode;
  /** One name for items (of a map: keys), or two for index and item (key and value). */
  readonly names: readonly string[];
  /** Leaves out those for which it is false; null without. */
  readonly filter: ASTNode | null;
  readonly body: ASTNode;
}

const quantifiers: Readonly<Record<string, Comprehension['macro']>> = {
  all: 'all',
  exists: 'exists',
  exists_one: 'existsOne',
  existsOne: 'existsOne',
};
const transforms: ReadonlySet<string> = new Set([
  'transformList',
  'transformMap',
  'transformMapEntry',
]);

/** The macro that a call is; null for ordinary calls. */
export function macroOf(node: ASTNode): Macro | null {
  if (node.op === 'call') return hasMacro(node.args[0], node.args[1]);
  if (node.op !== 'rcall') return null;
  const [name, target, args] = node.args;
  if (name === 'bind' && target.op === 'id' && target.args === 'cel' && args.length === 3)
    return bindMacro(args);
  if ((name === 'optMap' || name === 'optFlatMap') && args.length === 2) {
    const variable = nameOf(args[0]);
    return variable === null
      ? null
      : { macro: name, target, name: variable, body: args[1] as ASTNode };
  }
  return comprehensionOf(name, target, args);
}

function hasMacro(name: string, args: readonly ASTNode[]): Macro | null {
  const [operand] = args;
  if (name !== 'has' || args.length !== 1 || operand?.op !== '.') return null;
  return { macro: 'has', operand: operand.args[0], field: operand.args[1] };
}

function bindMacro([variable, value, body]: readonly ASTNode[]): Macro | null {
  const name = nameOf(variable);
  if (name === null || value === undefined || body === undefined) return null;
  return { macro: 'bind', name, value, body };
}

function comprehensionOf(
  name: string,
  range: ASTNode,
  args: readonly ASTNode[],
): Comprehension | null {
  const [first, second, third, fourth] = args;
  const [one, two] = [nameOf(first), nameOf(second)];
  if (one === null || second === undefined) return null;
  const quantifier = quantifiers[name];
  if (quantifier !== undefined) {
    if (args.length === 2)
      return { macro: quantifier, range, names: [one], filter: null, body: second };
    if (args.length !== 3 || two === null) return null;
    return { macro: quantifier, range, names: [one, two], filter: null, body: third as ASTNode };
  }
  if (name === 'filter' && args.length === 2)
    return { macro: 'filter', range, names: [one], filter: null, body: second };
  if (name === 'sortBy' && args.length === 2)
    return { macro: 'sortBy', range, names: [one], filter: null, body: second };
  if (name === 'map' && args.length === 2)
    return { macro: 'map', range, names: [one], filter: null, body: second };
  if (name === 'map' && args.length === 3)
    return { macro: 'map', range, names: [one], filter: second, body: third as ASTNode };
  if (!transforms.has(name) || two === null || third === undefined) return null;
  const macro = name as 'transformList' | 'transformMap' | 'transformMapEntry';
  return fourth === undefined
    ? { macro, range, names: [one, two], filter: null, body: third }
    : { macro, range, names: [one, two], filter: third, body: fourth };
}

function nameOf(node: ASTNode | undefined): string | null {
  return node?.op === 'id' ? node.args : null;
}
