import type { ExpressionUse } from '../../api/admissionregistration-v1/index.js';
import type { Activation, CostBudget } from '../../cel/evaluate.js';
import type { Program } from '../../cel/program.js';
import { parseTimestamp } from '../../cel/time-values.js';
import type { CelMap, CelValue } from '../../cel/values.js';
import type { KubeObject } from '../../machinery/object.js';
import { fieldsOf } from '../../machinery/object.js';
import { reviewedUser } from '../authentication/reviews.js';
import type { AdmissionRequest, Authorizer } from '../contracts.js';
import { compileFor } from './admission-environment.js';
import { AuthorizerCalls, authorizerValue, settled } from './authorizer-library.js';
import { plainValue } from './schema-values.js';

/** An expression with its name. */
export interface NamedExpression {
  readonly name?: string;
  readonly expression?: string;
}

/** What all expressions of a policy cost together at most for one request, and one of them. */
const policyBudget = 10_000_000;
const callBudget = 1_000_000;

const compiled = new Map<string, Program>();
const compiledMax = 2000;

/** The program of an expression; compiled when it is first needed. Throws CompileError. */
function programOf(expression: string, use: ExpressionUse): Program {
  const key = JSON.stringify([expression, use]);
  let program = compiled.get(key);
  if (program === undefined) {
    if (compiled.size >= compiledMax) compiled.clear();
    program = compileFor(expression, use);
    compiled.set(key, program);
  }
  return program;
}

/** Expressions of one policy or webhook about one request. */
export class AdmissionExpressions {
  readonly #values: ReadonlyMap<string, CelValue>;
  readonly #variables: readonly NamedExpression[];
  readonly #hasParams: boolean;
  #left = policyBudget;

  constructor(options: {
    readonly request: AdmissionRequest;
    readonly authorizer: Authorizer;
    readonly namespace: KubeObject | null;
    /** Undefined when the policy has none. */
    readonly params?: KubeObject | null | undefined;
    readonly variables?: readonly NamedExpression[];
  }) {
    const { request, authorizer, namespace, params, variables = [] } = options;
    this.#hasParams = params !== undefined;
    this.#variables = variables;
    const calls = new AuthorizerCalls(authorizer);
    const { group, version, resource, subresource, name } = request;
    const about = { group, version, resource, subresource, name, namespace: request.namespace };
    this.#values = new Map<string, CelValue>([
      ['object', objectValue(request.object)],
      ['oldObject', objectValue(request.oldObject)],
      ['request', requestValue(request)],
      ['namespaceObject', namespaceValue(namespace)],
      ['authorizer', authorizerValue(request.context.user, about, calls)],
      ...(params === undefined ? [] : [['params', objectValue(params)] as const]),
    ]);
  }

  /** The value of an expression. Rejects with CelError or CompileError. */
  async evaluate(expression: string, kind: ExpressionUse['kind']): Promise<CelValue> {
    return settled(() => {
      const made = new Map<string, CelValue>();
      const budget = { left: Math.min(callBudget, this.#left) };
      const before = budget.left;
      try {
        return this.#run(expression, kind, this.#variables.length, made, budget);
      } finally {
        this.#left -= before - Math.max(0, budget.left);
      }
    });
  }

  #run(
    expression: string,
    kind: ExpressionUse['kind'],
    variableCount: number,
    made: Map<string, CelValue>,
    budget: CostBudget,
  ): CelValue {
    const variables = this.#variables
      .slice(0, variableCount)
      .map(({ name = '', expression: text = '' }) => ({
        name,
        expression: text,
      }));
    const program = programOf(expression, { kind, hasParams: this.#hasParams, variables });
    const lazily = new LazyVariables((name) => {
      const known = made.get(name);
      if (known !== undefined) return known;
      const at = variables.findIndex((variable) => variable.name === name);
      if (at < 0) return undefined;
      const value = this.#run(variables[at]?.expression ?? '', 'variable', at, made, budget);
      made.set(name, value);
      return value;
    });
    const activation: Activation = (name) =>
      name === 'variables' ? lazily : this.#values.get(name);
    return program.run(activation, budget);
  }
}

/** `variables`: each is evaluated when it is first asked for. */
class LazyVariables {
  readonly celType = 'variables';
  readonly member: (name: string) => CelValue | undefined;

  constructor(member: (name: string) => CelValue | undefined) {
    this.member = member;
  }

  equals(): boolean {
    return false;
  }
}

function objectValue(object: KubeObject | null): CelValue {
  return object === null ? null : plainValue(fieldsOf(object));
}

function requestValue(request: AdmissionRequest): CelMap {
  const { group, version, kind, resource, subresource, context } = request;
  const { username, uid = '', groups = [], extra = {} } = reviewedUser(context.user);
  const ofKind = new Map([
    ['group', group],
    ['version', version],
    ['kind', kind],
  ]);
  const ofResource = new Map([
    ['group', group],
    ['version', version],
    ['resource', resource],
  ]);
  return new Map<string, CelValue>([
    ['kind', ofKind],
    ['resource', ofResource],
    ['subResource', subresource],
    ['requestKind', ofKind],
    ['requestResource', ofResource],
    ['requestSubResource', subresource],
    ['name', request.name],
    ['namespace', request.namespace],
    ['operation', request.operation],
    [
      'userInfo',
      new Map<string, CelValue>([
        ['username', username ?? ''],
        ['uid', uid],
        ['groups', [...groups]],
        ['extra', new Map(Object.entries(extra))],
      ]),
    ],
    ['dryRun', context.isDryRun],
    ['options', objectValue(request.options)],
  ]);
}

function namespaceValue(namespace: KubeObject | null): CelValue {
  if (namespace === null) return null;
  const value = objectValue(namespace) as Map<string, CelValue>;
  const metadata = value.get('metadata') as Map<string, CelValue>;
  for (const name of ['creationTimestamp', 'deletionTimestamp']) {
    const time = metadata.get(name);
    if (typeof time === 'string') metadata.set(name, parseTimestamp(time));
  }
  return value;
}
