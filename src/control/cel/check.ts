import { type Match, matching, typeIdentifiers } from './check-calls.js';
import { fieldStart, operatorStart, Problem } from './check-problem.js';
import {
  arithmeticType,
  haveOrder,
  isNull,
  isNumber,
  literalType,
  resultOf,
  sized,
  sizeOf,
} from './check-types.js';
import type { CelEnvironment } from './environment.js';
import { namespaces } from './function-table.js';
import { type Comprehension, type Macro, macroOf } from './macros.js';
import { type ASTNode, CompileError, problemText } from './parse.js';
import {
  bool,
  type CelType,
  dyn,
  int,
  isAssignable,
  joined,
  listOf,
  mapOf,
  named,
  optionalOf,
  substitute,
  typeText,
} from './types.js';

/** What is known of an expression before it is evaluated. */
export interface Checked {
  readonly type: CelType;
  /** How much work it is at most; sizes that nobody bounds count as what a request may carry. */
  readonly costMax: number;
}

const arithmetic: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%']);
const orders: ReadonlySet<string> = new Set(['<', '<=', '>', '>=']);

/** Whether the tree makes sense, and what it comes to. Throws {@link CompileError} with the places of all that does not. */
export function checkExpression(text: string, tree: ASTNode, environment: CelEnvironment): Checked {
  const checker = new Checker(text, environment);
  const checked = checker.check(tree, environment.variables);
  const problems = [...checker.problems].sort((a, b) => a.at - b.at);
  if (problems.length > 0) throw new CompileError(problems.map((each) => each.text).join('\n'));
  return checked;
}

type Variables = ReadonlyMap<string, CelType>;

class Checker {
  /** In the order in which they were found. */
  readonly problems: Problem[] = [];
  readonly #text: string;
  readonly #environment: CelEnvironment;

  constructor(text: string, environment: CelEnvironment) {
    this.#text = text;
    this.#environment = environment;
  }

  /** A part that makes no sense counts as anything at all, so that each problem is named once. */
  check(node: ASTNode, variables: Variables): Checked {
    try {
      return this.#check(node, variables);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problems.push(error);
      return { type: dyn, costMax: 0 };
    }
  }

  #check(node: ASTNode, variables: Variables): Checked {
    const macro = macroOf(node);
    if (macro !== null) return this.#macro(node, macro, variables);
    switch (node.op) {
      case 'value':
        return { type: literalType(node.args), costMax: 0 };
      case 'id':
        return this.#identifier(node, node.args, variables);
      case '.':
        return this.#field(node, this.check(node.args[0], variables), node.args[1]);
      case '.?': {
        const { type, costMax } = this.#field(
          node,
          this.#unwrapped(node.args[0], variables),
          node.args[1],
        );
        return { type: optionalOf(type.kind === 'optional' ? type.of : type), costMax };
      }
      case '[]':
        return this.#index(node, node.args, variables);
      case '[?]': {
        const { type, costMax } = this.#index(node, node.args, variables);
        return { type: optionalOf(type), costMax };
      }
      case 'call':
        return this.#call(
          node,
          { name: node.args[0], receiver: null, args: node.args[1] },
          variables,
        );
      case 'rcall':
        return this.#method(node, node.args, variables);
      case 'list':
        return this.#list(node.args, variables);
      case 'map':
        return this.#map(node.args, variables);
      case '?:':
        return this.#conditional(node.args, variables);
      case '&&':
      case '||':
        return this.#logic(node.op, node.args, variables);
      case '!_':
        return this.#expectBool(node.args, '!_', variables);
      case '-_': {
        const { type, costMax } = this.check(node.args, variables);
        if (!isNumber(type)) throw this.#noOverload(node, '-_', [type]);
        return { type, costMax: costMax + 1 };
      }
      default:
        return this.#binary(node, node.op, node.args as [ASTNode, ASTNode], variables);
    }
  }

  #fail(node: ASTNode, problem: string): Problem {
    const at = node.range.start;
    return new Problem(at, problemText(this.#text, at, problem));
  }

  #noOverload(node: ASTNode, name: string, args: readonly CelType[], receiver?: CelType): Problem {
    const given = args.map(typeText).join(', ');
    const applied = receiver === undefined ? `(${given})` : `${typeText(receiver)}.(${given})`;
    const problem = `found no matching overload for '${name}' applied to '${applied}'`;
    const at = operatorStart(node, this.#text);
    return new Problem(at, problemText(this.#text, at, problem));
  }

  #identifier(node: ASTNode, name: string, variables: Variables): Checked {
    const type = variables.get(name);
    if (type !== undefined) return { type, costMax: 1 };
    if (typeIdentifiers.has(name)) return { type: named('type'), costMax: 1 };
    throw this.#fail(node, `undeclared reference to '${name}' (in container '')`);
  }

  #unwrapped(node: ASTNode, variables: Variables): Checked {
    const { type, costMax } = this.check(node, variables);
    return { type: type.kind === 'optional' ? type.of : type, costMax };
  }

  #field(node: ASTNode, { type, costMax }: Checked, name: string): Checked {
    const cost = costMax + 1;
    if (type.kind === 'optional') {
      const inner = this.#field(node, { type: type.of, costMax }, name);
      return { type: optionalOf(inner.type), costMax: cost };
    }
    if (type.kind === 'dyn') return { type: dyn, costMax: cost };
    if (type.kind === 'map') return { type: type.value, costMax: cost };
    if (type.kind === 'object') {
      const field = type.fields.get(name);
      if (field !== undefined) return { type: field, costMax: cost };
      throw this.#fail(
        { ...node, range: { start: fieldStart(node, this.#text), end: 0 } } as ASTNode,
        `undefined field '${name}'`,
      );
    }
    throw this.#fail(node, `type '${typeText(type)}' does not support field selection`);
  }

  #index(node: ASTNode, [target, key]: [ASTNode, ASTNode], variables: Variables): Checked {
    const of = this.#unwrapped(target, variables);
    const at = this.check(key, variables);
    const costMax = of.costMax + at.costMax + 1;
    if (of.type.kind === 'dyn') return { type: dyn, costMax };
    if (of.type.kind === 'list' && (isNumber(at.type) || at.type.kind === 'dyn'))
      return { type: of.type.element, costMax };
    if (of.type.kind === 'map' && isAssignable(of.type.key, at.type, new Map()))
      return { type: of.type.value, costMax };
    throw this.#noOverload(node, '_[_]', [of.type, at.type]);
  }

  #method(
    node: ASTNode,
    [name, target, args]: [string, ASTNode, ASTNode[]],
    variables: Variables,
  ): Checked {
    if (target.op === 'id' && namespaces.has(target.args) && !variables.has(target.args)) {
      const whole = `${target.args}.${name}`;
      return this.#call(node, { name: whole, receiver: null, args }, variables);
    }
    return this.#call(node, { name, receiver: target, args }, variables);
  }

  #call(
    node: ASTNode,
    {
      name,
      receiver,
      args,
    }: {
      readonly name: string;
      readonly receiver: ASTNode | null;
      readonly args: readonly ASTNode[];
    },
    variables: Variables,
  ): Checked {
    const overloads = this.#environment.functions.overloads(name);
    if (overloads.length === 0)
      throw this.#fail(node, `undeclared reference to '${name}' (in container '')`);
    const target = receiver === null ? null : this.check(receiver, variables);
    const checked = args.map((arg) => this.check(arg, variables));
    const types = checked.map(({ type }) => type);
    const found = matching(overloads, target?.type ?? null, types);
    if (found.length === 0) throw this.#noOverload(node, name, types, target?.type);
    const [{ overload }] = found as [Match];
    const results = found.map((match) => substitute(match.overload.result, match.bindings));
    const type = results.reduce(joined);
    const inputs = target === null ? checked : [target, ...checked];
    const own = 1 + overload.costOf(inputs.map((input) => sizeOf(input.type)));
    return {
      type: sized(type, inputs),
      costMax: inputs.reduce((total, { costMax }) => total + costMax, own),
    };
  }

  #list(items: readonly ASTNode[], variables: Variables): Checked {
    const checked = items.map((item) => this.check(item, variables));
    const element = checked.length === 0 ? dyn : checked.map(({ type }) => type).reduce(joined);
    return { type: listOf(element, items.length), costMax: 10 + total(checked) };
  }

  #map(entries: readonly (readonly [ASTNode, ASTNode])[], variables: Variables): Checked {
    const keys = entries.map(([key]) => this.check(key, variables));
    const values = entries.map(([, value]) => this.check(value, variables));
    const joinedOf = (all: readonly Checked[]) =>
      all.length === 0 ? dyn : all.map(({ type }) => type).reduce(joined);
    return {
      type: mapOf(joinedOf(keys), joinedOf(values), entries.length),
      costMax: 30 + total(keys) + total(values),
    };
  }

  #conditional([condition, yes, no]: [ASTNode, ASTNode, ASTNode], variables: Variables): Checked {
    const test = this.#expectBool(condition, '_?_:_', variables);
    const [left, right] = [this.check(yes, variables), this.check(no, variables)];
    const isAlike =
      isAssignable(left.type, right.type, new Map()) ||
      isAssignable(right.type, left.type, new Map());
    if (!isAlike && left.type.kind !== 'dyn')
      throw this.#noOverload(condition, '_?_:_', [bool, left.type, right.type]);
    return {
      type: joined(left.type, right.type),
      costMax: test.costMax + Math.max(left.costMax, right.costMax),
    };
  }

  #logic(op: string, [left, right]: [ASTNode, ASTNode], variables: Variables): Checked {
    const name = op === '&&' ? '_&&_' : '_||_';
    const a = this.#expectBool(left, name, variables);
    const b = this.#expectBool(right, name, variables);
    return { type: bool, costMax: a.costMax + b.costMax };
  }

  #expectBool(node: ASTNode, name: string, variables: Variables): Checked {
    const checked = this.check(node, variables);
    if (isAssignable(bool, checked.type, new Map()))
      return { type: bool, costMax: checked.costMax };
    if (name === '!_' || name === '_?_:_') throw this.#noOverload(node, name, [checked.type]);
    throw this.#fail(node, `expected type 'bool' but found '${typeText(checked.type)}'`);
  }

  #binary(
    node: ASTNode,
    op: string,
    [left, right]: [ASTNode, ASTNode],
    variables: Variables,
  ): Checked {
    const [a, b] = [this.check(left, variables), this.check(right, variables)];
    const costMax = a.costMax + b.costMax + 1;
    const types: readonly CelType[] = [a.type, b.type];
    const fail = () => this.#noOverload(node, op === 'in' ? '@in' : `_${op}_`, types);
    if (op === '==' || op === '!=') {
      const isAlike =
        isAssignable(a.type, b.type, new Map()) ||
        isAssignable(b.type, a.type, new Map()) ||
        isNull(a.type) ||
        isNull(b.type);
      if (!isAlike) throw fail();
      return {
        type: bool,
        costMax: costMax + Math.ceil(Math.min(sizeOf(a.type), sizeOf(b.type)) * 0.1),
      };
    }
    if (op === 'in') {
      const element =
        b.type.kind === 'list' ? b.type.element : b.type.kind === 'map' ? b.type.key : null;
      if (b.type.kind !== 'dyn' && (element === null || !isAssignable(element, a.type, new Map())))
        throw fail();
      return { type: bool, costMax: costMax + (b.type.kind === 'list' ? sizeOf(b.type) : 0) };
    }
    if (orders.has(op)) {
      if (!haveOrder(a.type, b.type)) throw fail();
      return { type: bool, costMax };
    }
    if (!arithmetic.has(op)) throw this.#fail(node, `unknown operator ${op}`);
    const type = arithmeticType(op, a.type, b.type);
    if (type === null) throw fail();
    return { type, costMax };
  }

  #macro(node: ASTNode, macro: Macro, variables: Variables): Checked {
    switch (macro.macro) {
      case 'has':
        return {
          type: bool,
          costMax: this.#field(node, this.check(macro.operand, variables), macro.field).costMax,
        };
      case 'bind': {
        const value = this.check(macro.value, variables);
        const body = this.check(macro.body, new Map(variables).set(macro.name, value.type));
        return { type: body.type, costMax: value.costMax + body.costMax + 1 };
      }
      case 'optMap':
      case 'optFlatMap': {
        const target = this.#unwrapped(macro.target, variables);
        const body = this.check(macro.body, new Map(variables).set(macro.name, target.type));
        const type = macro.macro === 'optMap' ? optionalOf(body.type) : body.type;
        return { type, costMax: target.costMax + body.costMax + 1 };
      }
      default:
        return this.#comprehension(node, macro, variables);
    }
  }

  #comprehension(node: ASTNode, macro: Comprehension, variables: Variables): Checked {
    const range = this.check(macro.range, variables);
    const inner = new Map(variables);
    for (const [name, type] of this.#iterated(node, macro, range.type)) inner.set(name, type);
    const filter = macro.filter === null ? null : this.#expectBool(macro.filter, '_?_:_', inner);
    const isTest =
      macro.macro === 'all' ||
      macro.macro === 'exists' ||
      macro.macro === 'existsOne' ||
      macro.macro === 'filter';
    const body = isTest
      ? this.#expectBool(macro.body, '_&&_', inner)
      : this.check(macro.body, inner);
    const size = sizeOf(range.type);
    const costMax = range.costMax + size * (body.costMax + (filter?.costMax ?? 0) + 2);
    return { type: resultOf(macro, range.type, body.type), costMax };
  }

  #iterated(
    node: ASTNode,
    { names }: Comprehension,
    range: CelType,
  ): readonly (readonly [string, CelType])[] {
    const [first = '', second] = names;
    const [index, item] =
      range.kind === 'list'
        ? [int, range.element]
        : range.kind === 'map'
          ? [range.key, range.value]
          : range.kind === 'dyn'
            ? [dyn, dyn]
            : [null, null];
    if (index === null || item === null)
      throw this.#fail(
        node,
        `expression of type '${typeText(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
      );
    if (second === undefined) return [[first, range.kind === 'map' ? index : item]];
    return [
      [first, index],
      [second, item],
    ];
  }
}

function total(checked: readonly Checked[]): number {
  return checked.reduce((sum, { costMax }) => sum + costMax, 0);
}
