import { type CelEnvironment, environmentOf } from '../../../cel/environment.js';
import { unescapedName } from '../../../cel/escaped-name.js';
import { CompileError } from '../../../cel/parse.js';
import { compile, type Program } from '../../../cel/program.js';
import { bool, dyn, listOf, mapOf, objectOf, string } from '../../../cel/types.js';
import { CelError, type CelMap, type CelValue } from '../../../cel/values.js';
import type { FieldError } from '../../../machinery/field-errors.js';
import { type FieldPath, invalidValue } from '../../../machinery/field-path.js';
import type { JsonValue } from '../../../machinery/json.js';
import { isJsonObject } from '../../../machinery/json-object.js';
import type { UserInfo } from '../../contracts.js';
import { TokenError } from '../token-authenticator.js';

/** What one expression may cost. */
const callBudget = 1_000_000;

/** Expressions of an authenticator are about the claims of a token, or about the user that came of them. */
export type JwtSubject = 'claims' | 'user';

const environments: Readonly<Record<JwtSubject, CelEnvironment>> = {
  claims: environmentOf({ claims: mapOf(string, dyn) }),
  user: environmentOf({
    user: objectOf('kubernetes.UserInfo', {
      username: string,
      uid: string,
      groups: listOf(string),
      extra: mapOf(string, listOf(string)),
    }),
  }),
};

/** Compiles an expression; null when that fails, which is added to `errors`. A rule comes to true or false, a mapping to anything. */
export function compileJwtExpression(
  text: string,
  { subject, isRule }: { readonly subject: JwtSubject; readonly isRule: boolean },
  path: FieldPath,
  errors: FieldError[],
): Program | null {
  try {
    return compile(text, environments[subject], ...(isRule ? [bool] : []));
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    const isType = error.message.startsWith('must evaluate to');
    const detail = isType ? error.message : `compilation failed: ${error.message}`;
    errors.push(invalidValue(path, text, detail));
    return null;
  }
}

/** The value of an expression. Throws TokenError: `context` says what it was wanted for. */
export function runJwtExpression(
  program: Program,
  subject: JwtSubject,
  value: CelMap,
  context: string,
): CelValue {
  try {
    return program.run((name) => (name === subject ? value : undefined), { left: callBudget });
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    throw new TokenError(
      `oidc: error evaluating ${context}: expression '${program.text}' resulted in error: ${error.message}`,
      { cause: error },
    );
  }
}

/** Claims as expressions see them. Numbers are doubles, since JSON knows no others. */
export function claimsValue(claims: Readonly<Record<string, unknown>>): CelMap {
  return jsonValue(claims as JsonValue) as CelMap;
}

/** A user as expressions see it. */
export function userValue({ name, uid, groups, extra }: UserInfo): CelMap {
  return new Map<string, CelValue>([
    ['username', name],
    ['uid', uid],
    ['groups', groups],
    ['extra', new EscapedKeys(Object.entries(extra))],
  ]);
}

function jsonValue(value: JsonValue): CelValue {
  if (Array.isArray(value)) return value.map(jsonValue);
  if (isJsonObject(value))
    return new EscapedKeys(
      Object.entries(value).map(([name, field]) => [name, jsonValue(field)] as const),
    );
  return value;
}

/** A map whose keys are found, too, by the names that the language has for them: `claims.foo__dot__bar`. */
class EscapedKeys extends Map<string | bigint | boolean, CelValue> {
  override get(key: string | bigint | boolean): CelValue | undefined {
    return super.get(this.#own(key));
  }

  override has(key: string | bigint | boolean): boolean {
    return super.has(this.#own(key));
  }

  #own(key: string | bigint | boolean): string | bigint | boolean {
    return typeof key === 'string' ? unescapedName(key) : key;
  }
}
