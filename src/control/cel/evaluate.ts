import { nothing } from './call-costs.js';
import { typeIdentifiers } from './check-calls.js';
import type { CelEnvironment } from './environment.js';
import { namespaces } from './function-table.js';
import { type Comprehension, type Macro, macroOf } from './macros.js';
import { arithmeticResult } from './operators.js';
import type { ASTNode } from './parse.js';
import {
  CelError,
  type CelMap,
  type CelValue,
  celCompare,
  celEquals,
  isList,
  isMap,
  isOpaque,
  Optional,
  TypeValue,
  typeNameOf,
  Uint,
} from './values.js';

/** Work that may still be done; shared by all rules of one object. */
export interface CostBudget {
  left: number;
}

/** The budget is used up: nothing more is evaluated. */
export class CostError extends CelError {}

/** The values of variables: given, or made when they are first asked for. */
export type Activation = (name: string) => CelValue | undefined;

/** The value of a checked expression. Throws CelError. */
export function evaluate(
  tree: ASTNode,
  environment: CelEnvironment,
  activation: Activation,
  budget: CostBudget,
): CelValue {
  return new Evaluator(environment, activation, budget).run(tree, null);
}

/** Variables of comprehensions, innermost first. */
interface Scope {
  readonly name: string;
  readonly value: CelValue;
  readonly outer: Scope | null;
}

class Evaluator {
  readonly #environment: CelEnvironment;
  readonly #activation: Activation;
  readonly #budget: CostBudget;

  constructor(environment: CelEnvironment, activation: Activation, budget: CostBudget) {
    this.#environment = environment;
    this.#activation = activation;
    this.#budget = budget;
  }

  run(node: ASTNode, scope: Scope | null): CelValue {
    this.#spend(1);
    const macro = macroOf(node);
    if (macro !== null) return this.#macro(macro, scope);
    switch (node.op) {
      case 'value':
        return literal(node.args);
      case 'id':
        return this.#identifier(node.args, scope);
      case '.':
        return selected(this.run(node.args[0], scope), node.args[1]);
      case '.?':
        return optionalMember(this.run(node.args[0], scope), node.args[1]);
      case '[]':
        return indexed(this.run(node.args[0], scope), this.run(node.args[1], scope));
      case '[?]':
        return optionalMember(this.run(node.args[0], scope), this.run(node.args[1], scope));
      case 'call':
        return this.#call(node.args[0], false, this.#all(node.args[1], scope));
      case 'rcall':
        return this.#method(node.args, scope);
      case 'list':
        return this.#all(node.args, scope);
      case 'map':
        return new Map(
          node.args.map(([key, value]) => [mapKey(this.run(key, scope)), this.run(value, scope)]),
        );
      case '?:':
        return this.run(truth(this.run(node.args[0], scope)) ? node.args[1] : node.args[2], scope);
      case '&&':
        return this.#logic(node.args, scope, false);
      case '||':
        return this.#logic(node.args, scope, true);
      case '!_':
        return !truth(this.run(node.args, scope));
      case '-_':
        return arithmeticResult(
          '-',
          zeroLike(this.run(node.args, scope)),
          this.run(node.args, scope),
        );
      default: {
        const [left, right] = node.args as [ASTNode, ASTNode];
        return this.#binary(node.op, this.run(left, scope), this.run(right, scope));
      }
    }
  }

  #spend(cost: number): void {
    this.#budget.left -= cost;
    if (this.#budget.left < 0)
      throw new CostError('operation cancelled: actual cost limit exceeded');
  }

  #all(nodes: readonly ASTNode[], scope: Scope | null): CelValue[] {
    return nodes.map((node) => this.run(node, scope));
  }

  #identifier(name: string, scope: Scope | null): CelValue {
    for (let at = scope; at !== null; at = at.outer) if (at.name === name) return at.value;
    const value = this.#activation(name);
    if (value !== undefined) return value;
    if (typeIdentifiers.has(name)) return new TypeValue(name);
    throw new CelError(`no such attribute(s): ${name}`);
  }

  #method([name, target, args]: [string, ASTNode, ASTNode[]], scope: Scope | null): CelValue {
    if (target.op === 'id' && namespaces.has(target.args)) {
      const whole = `${target.args}.${name}`;
      if (this.#environment.functions.overloads(whole).length > 0)
        return this.#call(whole, false, this.#all(args, scope));
    }
    return this.#call(name, true, [this.run(target, scope), ...this.#all(args, scope)]);
  }

  #call(name: string, isMethod: boolean, args: readonly CelValue[]): CelValue {
    const overload = this.#environment.functions.find(name, isMethod, args);
    if (overload === undefined)
      throw new CelError(`no such overload: ${name}(${args.map(typeNameOf).join(', ')})`);
    const cost = overload.costOf === nothing ? 0 : overload.costOf(args.map(sizeOf));
    if (cost > 0) this.#spend(cost);
    return overload.run(...args);
  }

  /** `settling` decides alone: an error on one side counts only when the other does not decide. */
  #logic([left, right]: [ASTNode, ASTNode], scope: Scope | null, settling: boolean): boolean {
    let problem: CelError | null = null;
    for (const side of [left, right]) {
      try {
        if (truth(this.run(side, scope)) === settling) return settling;
      } catch (error) {
        if (!(error instanceof CelError) || error instanceof CostError) throw error;
        problem ??= error;
      }
    }
    if (problem !== null) throw problem;
    return !settling;
  }

  #binary(op: string, a: CelValue, b: CelValue): CelValue {
    switch (op) {
      case '==':
      case '!=':
        this.#spend(Math.ceil(Math.min(sizeOf(a), sizeOf(b)) * 0.1));
        return celEquals(a, b) === (op === '==');
      case 'in':
        return this.#isIn(a, b);
      case '<':
      case '<=':
      case '>':
      case '>=': {
        const order = celCompare(a, b);
        if (order === null)
          throw new CelError(`no such overload: ${typeNameOf(a)} ${op} ${typeNameOf(b)}`);
        if (op === '<') return order < 0;
        if (op === '<=') return order <= 0;
        return op === '>' ? order > 0 : order >= 0;
      }
      default:
        if (op === '+') this.#spend(Math.ceil((sizeOf(a) + sizeOf(b)) * 0.1));
        return arithmeticResult(op, a, b);
    }
  }

  #isIn(value: CelValue, container: CelValue): boolean {
    if (isMap(container)) return container.has(mapKey(value));
    if (!isList(container)) throw new CelError(`no such overload: in ${typeNameOf(container)}`);
    this.#spend(container.length);
    return container.some((item) => celEquals(item, value));
  }

  #macro(macro: Macro, scope: Scope | null): CelValue {
    switch (macro.macro) {
      case 'has':
        return hasField(this.run(macro.operand, scope), macro.field);
      case 'bind':
        return this.run(macro.body, {
          name: macro.name,
          value: this.run(macro.value, scope),
          outer: scope,
        });
      case 'optMap':
      case 'optFlatMap': {
        const target = this.run(macro.target, scope);
        if (!(target instanceof Optional)) throw new CelError('no such overload: optMap');
        if (target.value === undefined) return target;
        const value = this.run(macro.body, { name: macro.name, value: target.value, outer: scope });
        return macro.macro === 'optMap' ? new Optional(value) : value;
      }
      default:
        return this.#comprehension(macro, scope);
    }
  }

  #comprehension(macro: Comprehension, scope: Scope | null): CelValue {
    const range = this.run(macro.range, scope);
    const steps = stepsOf(range, macro.names.length === 2);
    const scopeAt = (step: Step): Scope => {
      this.#spend(1);
      const [first = '', second] = macro.names;
      const outer = { name: first, value: step.first, outer: scope };
      return second === undefined ? outer : { name: second, value: step.second, outer };
    };
    switch (macro.macro) {
      case 'all':
        return this.#quantified(steps, (step) => this.run(macro.body, scopeAt(step)), false);
      case 'exists':
        return this.#quantified(steps, (step) => this.run(macro.body, scopeAt(step)), true);
      case 'existsOne':
        return steps.filter((step) => truth(this.run(macro.body, scopeAt(step)))).length === 1;
      case 'filter':
        return steps
          .filter((step) => truth(this.run(macro.body, scopeAt(step))))
          .map(({ first }) => first);
      case 'sortBy': {
        const keyed = steps.map((step) => ({
          item: step.first,
          key: this.run(macro.body, scopeAt(step)),
        }));
        return keyed.sort((a, b) => celCompare(a.key, b.key) ?? 0).map(({ item }) => item);
      }
      default:
        return transformed(macro, steps, (node, step) => this.run(node, scopeAt(step)));
    }
  }

  #quantified(steps: readonly Step[], test: (step: Step) => CelValue, settling: boolean): boolean {
    let problem: CelError | null = null;
    for (const step of steps) {
      try {
        if (truth(test(step)) === settling) return settling;
      } catch (error) {
        if (!(error instanceof CelError) || error instanceof CostError) throw error;
        problem ??= error;
      }
    }
    if (problem !== null) throw problem;
    return !settling;
  }
}

/** What a comprehension looks at in one round: the item, or index and item. */
interface Step {
  readonly first: CelValue;
  readonly second: CelValue;
}

function stepsOf(range: CelValue, isPaired: boolean): readonly Step[] {
  if (isList(range))
    return range.map((item, at) =>
      isPaired ? { first: BigInt(at), second: item } : { first: item, second: null },
    );
  if (isMap(range)) return [...range].map(([key, value]) => ({ first: key, second: value }));
  throw new CelError(`no such overload: a comprehension over ${typeNameOf(range)}`);
}

function transformed(
  macro: Comprehension,
  steps: readonly Step[],
  run: (node: ASTNode, step: Step) => CelValue,
): CelValue {
  const kept = steps.filter((step) => macro.filter === null || truth(run(macro.filter, step)));
  if (macro.macro === 'map' || macro.macro === 'transformList')
    return kept.map((step) => run(macro.body, step));
  const result = new Map<string | bigint | boolean, CelValue>();
  for (const step of kept) {
    const value = run(macro.body, step);
    if (macro.macro === 'transformMap') result.set(mapKey(step.first), value);
    else if (isMap(value))
      for (const [key, item] of value) {
        if (result.has(key)) throw new CelError(`insert failed: key ${String(key)} already exists`);
        result.set(key, item);
      }
    else throw new CelError('no such overload: transformMapEntry needs a map');
  }
  return result;
}

function truth(value: CelValue): boolean {
  if (typeof value !== 'boolean')
    throw new CelError(`no such overload: a condition of type ${typeNameOf(value)}`);
  return value;
}

function literal(value: unknown): CelValue {
  if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array))
    return new Uint((value as { readonly value: bigint }).value);
  return value as CelValue;
}

function zeroLike(value: CelValue): CelValue {
  if (typeof value === 'bigint') return 0n;
  if (typeof value === 'number') return -0;
  throw new CelError(`no such overload: -${typeNameOf(value)}`);
}

function mapKey(value: CelValue): string | bigint | boolean {
  if (typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean')
    return value;
  if (value instanceof Uint) return value.value;
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  throw new CelError(`unsupported key type: ${typeNameOf(value)}`);
}

/** A field of an object, or the value of a text key of a map. Of an optional it is an optional. */
function selected(target: CelValue, name: string): CelValue {
  if (target instanceof Optional)
    return target.value === undefined ? target : optionalMember(target.value, name);
  if (!isMap(target) && !isOpaque(target)) throw new CelError(`no such key: ${name}`);
  const value = isMap(target) ? target.get(name) : target.member?.(name);
  if (value === undefined) throw new CelError(`no such key: ${name}`);
  return value;
}

function hasField(target: CelValue, name: string): boolean {
  if (target instanceof Optional) return target.value !== undefined && hasField(target.value, name);
  if (!isMap(target)) throw new CelError(`no such key: ${name}`);
  return target.has(name);
}

function indexed(target: CelValue, key: CelValue): CelValue {
  if (target instanceof Optional)
    return target.value === undefined ? target : optionalMember(target.value, key);
  if (isMap(target)) {
    const value = target.get(mapKey(key));
    if (value === undefined) throw new CelError(`no such key: ${String(mapKey(key))}`);
    return value;
  }
  if (!isList(target))
    throw new CelError(`no such overload: ${typeNameOf(target)}[${typeNameOf(key)}]`);
  const at = mapKey(key);
  const item = typeof at === 'bigint' && at >= 0n ? target[Number(at)] : undefined;
  if (item === undefined) throw new CelError(`index out of bounds: ${String(at)}`);
  return item;
}

function optionalMember(target: CelValue, key: CelValue): Optional {
  const inner: CelValue | undefined = target instanceof Optional ? target.value : target;
  if (inner === undefined) return new Optional(undefined);
  if (isMap(inner)) return new Optional((inner as CelMap).get(mapKey(key)));
  const at = mapKey(key);
  if (isList(inner) && typeof at === 'bigint')
    return new Optional(at < 0n ? undefined : inner[Number(at)]);
  throw new CelError(`no such key: ${String(at)}`);
}

function sizeOf(value: CelValue): number {
  if (typeof value === 'string') return value.length;
  if (isList(value) || value instanceof Uint8Array) return value.length;
  return isMap(value) ? value.size : 1;
}
