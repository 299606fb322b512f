import type { ExpressionChecker, ExpressionUse } from '../../api/admissionregistration-v1/index.js';
import { admissionVariables } from '../../cel/admission-types.js';
import { type CelEnvironment, environmentOf } from '../../cel/environment.js';
import type { Library } from '../../cel/function-table.js';
import { CompileError } from '../../cel/parse.js';
import { compile, type Program } from '../../cel/program.js';
import { withoutStructLiterals } from '../../cel/struct-literals.js';
import { bool, type CelType, dyn, listOf, named, string } from '../../cel/types.js';
import type { CelMap } from '../../cel/values.js';
import { invalidValue } from '../../machinery/field-path.js';
import { authorizerLibrary } from './authorizer-library.js';

/** Objects that mutations are written as, and the escaping of names in paths. */
const mutationLibrary: Library = {
  '__object__(string, map): dyn': (_type: string, fields: CelMap) => fields,
  'jsonpatch.escapeKey(string): string': (key: string) =>
    key.replaceAll('~', '~0').replaceAll('/', '~1'),
};

/** What an expression of an admission policy or of a webhook's conditions may name. `variables` have been compiled before. */
export function admissionEnvironment(options: {
  readonly hasParams: boolean;
  readonly variables: Readonly<Record<string, CelType>>;
}): CelEnvironment {
  const { hasParams, variables } = options;
  return environmentOf(
    admissionVariables({ object: dyn, params: hasParams ? dyn : null, variables }),
    { ...authorizerLibrary, ...mutationLibrary },
  );
}

const wanted: Readonly<Record<ExpressionUse['kind'], readonly CelType[]>> = {
  'match-condition': [bool],
  variable: [],
  validation: [bool],
  message: [string],
  'audit-annotation': [string, named('null_type')],
  'apply-configuration': [],
  'json-patch': [listOf(dyn)],
};

/** Compiles an expression for a use. Throws {@link CompileError}. */
export function compileFor(expression: string, use: ExpressionUse): Program {
  const types: Record<string, CelType> = {};
  const environment = () => admissionEnvironment({ hasParams: use.hasParams, variables: types });
  for (const variable of use.variables) {
    try {
      types[variable.name] = compile(
        withoutStructLiterals(variable.expression),
        environment(),
      ).type;
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      // Its own field says what is wrong with it.
      types[variable.name] = dyn;
    }
  }
  return compile(withoutStructLiterals(expression), environment(), ...wanted[use.kind]);
}

/** Says what is wrong with the expressions of policies and webhooks before they are stored. */
export const expressionChecker: ExpressionChecker = (expression, use, path) => {
  try {
    compileFor(expression, use);
    return [];
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    const isType = error.message.startsWith('must evaluate to');
    const text = isType ? error.message : `compilation failed: ${error.message}`;
    return [invalidValue(path, expression, text)];
  }
};
