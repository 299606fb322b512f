import { parseJsonPath } from '../../api/apiextensions-v1/json-path.js';
import type { JSONSchemaProps, ValidationRule } from '../../api/gen/apiextensions-v1.js';
import { environmentOf } from '../../cel/environment.js';
import { CompileError } from '../../cel/parse.js';
import { compile, type Program } from '../../cel/program.js';
import { schemaType } from '../../cel/schema-type.js';
import { bool, optionalOf, string } from '../../cel/types.js';
import type { FieldPath } from '../../machinery/field-path.js';

/** A rule of a schema, ready to be asked. */
export interface CompiledRule {
  readonly source: ValidationRule;
  /** Null when it does not compile; then `problem` says why. */
  readonly program: Program | null;
  readonly problem: string;
  readonly messageProgram: Program | null;
  readonly messageProblem: string;
  /** It compares with what was there before: a transition rule. */
  readonly usesOldSelf: boolean;
}

/** Compiles a rule of the values of a schema. */
export function compileRule(
  source: ValidationRule,
  props: JSONSchemaProps,
  isRoot: boolean,
): CompiledRule {
  const type = schemaType(props, { isRoot });
  const oldSelf = source.optionalOldSelf === true ? optionalOf(type) : type;
  const environment = environmentOf({ self: type, oldSelf });
  const rule = attempt(
    () => compile(source.rule ?? '', environment, bool),
    'cel expression must evaluate to a bool',
  );
  const hasMessage = (source.messageExpression ?? '').trim() !== '';
  const message = hasMessage
    ? attempt(
        () => compile(source.messageExpression ?? '', environment, string),
        'messageExpression must evaluate to a string',
      )
    : { program: null, problem: '' };
  return {
    source,
    program: rule.program,
    problem: rule.problem,
    messageProgram: message.program,
    messageProblem: message.problem,
    usesOldSelf: /\boldSelf\b/.test(withoutTexts(source.rule ?? '')),
  };
}

/** Where the failure of a rule is reported: at its value, or at the field of it that the rule names. */
export function rulePath(path: FieldPath, { fieldPath: field = '' }: ValidationRule): FieldPath {
  if (field === '') return path;
  return path.child(...(parseJsonPath(field).fieldNames ?? []));
}

function attempt(
  make: () => Program,
  typeProblem: string,
): { readonly program: Program | null; readonly problem: string } {
  try {
    return { program: make(), problem: '' };
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    const isType = error.message.startsWith('must evaluate to');
    return {
      program: null,
      problem: isType ? typeProblem : `compilation failed: ${error.message}`,
    };
  }
}

/** Words in quotes name nothing. */
function withoutTexts(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""');
}
