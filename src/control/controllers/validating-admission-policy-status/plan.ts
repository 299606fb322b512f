import type {
  ExpressionWarning,
  MatchResources,
  ValidatingAdmissionPolicy,
  Variable,
} from '../../api/gen/admissionregistration-v1.js';
import {
  admissionVariables,
  authorizerSignatures,
  type CelEnvironment,
  type CelType,
  CompileError,
  compile,
  dyn,
  environmentOf,
} from '../../cel/index.js';
import { fieldPath } from '../../machinery/field-path.js';
import type { KindType } from './kind-types.js';

/** A resource that a policy is about. */
export interface NamedResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** A policy's expressions are looked at with this many kinds at most. */
export const kindsMax = 10;

/** The resources that the rules of a policy name, one list a rule. Rules with wildcards name none; subresources are left out. */
export function namedResources(
  match: MatchResources | undefined,
): readonly (readonly NamedResource[])[] {
  return (match?.resourceRules ?? []).map((rule) => {
    const { apiGroups = [], apiVersions = [], resources = [] } = rule;
    if ([...apiGroups, ...apiVersions].some((name) => name.includes('*'))) return [];
    const plain = resources.filter((name) => !/[*/]/.test(name));
    return sorted(apiGroups).flatMap((group) =>
      sorted(apiVersions).flatMap((version) =>
        sorted(plain).map((resource) => ({ group, version, resource })),
      ),
    );
  });
}

/** The parameters' group, version and kind; null when the policy has none. */
export function paramKindOf({ spec }: ValidatingAdmissionPolicy): {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
} | null {
  const { apiVersion = '', kind = '' } = spec?.paramKind ?? {};
  if (kind === '') return null;
  const [first = '', second] = apiVersion.split('/');
  return second === undefined
    ? { group: '', version: first, kind }
    : { group: first, version: second, kind };
}

/** Each kind once, in the order in which warnings name them. */
export function orderedKinds(kinds: readonly KindType[]): readonly KindType[] {
  const byName = new Map(kinds.map((kind) => [sortKey(kind), kind]));
  return sorted([...byName.keys()]).flatMap((key) => byName.get(key) ?? []);
}

/**
 * What does not fit together in the validations of a policy and in their messages, for each of the kinds that it is about. `params` is null
 * when nothing is known of the parameters.
 */
export function expressionWarnings(
  { spec = {} }: ValidatingAdmissionPolicy,
  kinds: readonly KindType[],
  params: CelType | null,
): ExpressionWarning[] {
  const hasParams = spec.paramKind !== undefined;
  const environments = kinds.map((kind) => ({
    kind,
    environment: environmentFor(spec.variables ?? [], {
      ...{ object: kind.type, params: hasParams ? (params ?? dyn) : null },
    }),
  }));
  const warnings: ExpressionWarning[] = [];
  const look = (expression: string, at: number, field: string) => {
    const found = environments.flatMap(({ kind, environment }) => {
      const problem = problemOf(expression, environment);
      return problem === null ? [] : [`${kindText(kind)}: ${problem}\n`];
    });
    if (found.length === 0) return;
    const fieldRef = fieldPath('spec', 'validations').index(at).child(field).toString();
    warnings.push({ fieldRef, warning: found.join('\n') });
  };
  for (const [at, validation] of (spec.validations ?? []).entries()) {
    look(validation.expression ?? '', at, 'expression');
    const { messageExpression = '' } = validation;
    if (messageExpression !== '') look(messageExpression, at, 'messageExpression');
  }
  return warnings;
}

/** Only looked at, never called. */
const authorizerFunctions = Object.fromEntries(
  authorizerSignatures.map((signature) => [signature, () => null]),
);

/** Variables that make no sense themselves may be anything. */
function environmentFor(
  variables: readonly Variable[],
  types: { readonly object: CelType; readonly params: CelType | null },
): CelEnvironment {
  const known: Record<string, CelType> = {};
  const environment = () =>
    environmentOf(admissionVariables({ ...types, variables: known }), authorizerFunctions);
  for (const { name = '', expression = '' } of variables) {
    try {
      known[name] = compile(expression, environment()).type;
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      known[name] = dyn;
    }
  }
  return environment();
}

function problemOf(expression: string, environment: CelEnvironment): string | null {
  try {
    compile(expression, environment);
    return null;
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    return error.message;
  }
}

function kindText({ group, version, kind }: KindType): string {
  return `${group}/${version}, Kind=${kind}`;
}

function sortKey({ group, version, kind }: KindType): string {
  return `${group} ${version} ${kind}`;
}

function sorted(names: readonly string[]): readonly string[] {
  return [...names].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
