import { checkDomainPrefixedPath } from '../../../api/domain-prefixed-path.js';
import type { Program } from '../../../cel/program.js';
import type { FieldError } from '../../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  invalidValue,
  required,
} from '../../../machinery/field-path.js';
import type { ConfigObject } from '../../configuration/config-object.js';
import { compileJwtExpression } from './jwt-expressions.js';
import type { ClaimMapping, ClaimRule, ExpressionRule, JwtSettings } from './jwt-settings.js';

const none: ClaimMapping = { kind: 'none' };
const mapping = { subject: 'claims', isRule: false } as const;

/** Reads `claimValidationRules` of an authenticator; what is wrong with them is added to `errors`. */
export function claimRulesOf(
  entry: ConfigObject,
  path: FieldPath,
  errors: FieldError[],
): readonly ClaimRule[] {
  const seen = { claims: new Set<string>(), expressions: new Set<string>() };
  const rules: ClaimRule[] = [];
  for (const [index, fields] of entry.objects('claimValidationRules').entries()) {
    const at = path.index(index);
    const rule = {
      claim: fields.text('claim'),
      requiredValue: fields.text('requiredValue'),
      expression: fields.text('expression'),
      message: fields.text('message'),
    };
    fields.end();
    const made = claimRuleOf(rule, at, seen, errors);
    if (made !== null) rules.push(made);
  }
  return rules;
}

function claimRuleOf(
  rule: {
    readonly claim: string;
    readonly requiredValue: string;
    readonly expression: string;
    readonly message: string;
  },
  path: FieldPath,
  seen: { readonly claims: Set<string>; readonly expressions: Set<string> },
  errors: FieldError[],
): ClaimRule | null {
  const { claim, requiredValue, expression, message } = rule;
  if (claim !== '' && expression !== '') {
    errors.push(invalidValue(path, claim, "claim and expression can't both be set"));
    return null;
  }
  if (claim !== '') {
    const detail = 'may not be specified when claim is set';
    if (message !== '') errors.push(invalidValue(path.child('message'), message, detail));
    if (isAgain(seen.claims, claim)) errors.push(duplicate(path.child('claim'), claim));
    return { kind: 'claim', claim, requiredValue };
  }
  if (expression === '') {
    errors.push(required(path, 'claim or expression is required'));
    return null;
  }
  if (requiredValue !== '') {
    const detail = 'may not be specified when expression is set';
    errors.push(invalidValue(path.child('requiredValue'), requiredValue, detail));
  }
  const at = path.child('expression');
  if (isAgain(seen.expressions, expression)) {
    errors.push(duplicate(at, expression));
    return null;
  }
  const how = { subject: 'claims', isRule: true } as const;
  const program = compileJwtExpression(expression, how, at, errors);
  return program === null ? null : { kind: 'expression', program, message };
}

/** Reads `userValidationRules` of an authenticator; what is wrong with them is added to `errors`. */
export function userRulesOf(
  entry: ConfigObject,
  path: FieldPath,
  errors: FieldError[],
): readonly ExpressionRule[] {
  const seen = new Set<string>();
  const rules: ExpressionRule[] = [];
  for (const [index, fields] of entry.objects('userValidationRules').entries()) {
    const at = path.index(index).child('expression');
    const expression = fields.text('expression');
    const message = fields.text('message');
    fields.end();
    if (expression === '') errors.push(required(at, ''));
    else if (isAgain(seen, expression)) errors.push(duplicate(at, expression));
    else {
      const how = { subject: 'user', isRule: true } as const;
      const program = compileJwtExpression(expression, how, at, errors);
      if (program !== null) rules.push({ kind: 'expression', program, message });
    }
  }
  return rules;
}

type Mappings = Pick<JwtSettings, 'username' | 'groups' | 'uid' | 'extra'>;

/**
 * Reads `claimMappings` of an authenticator; what is wrong with them is added to `errors`. Who takes users' names from their email
 * addresses has to look at whether those were verified, here or in one of the rules.
 */
export function claimMappingsOf(
  entry: ConfigObject | null,
  path: FieldPath,
  rules: readonly ClaimRule[],
  errors: FieldError[],
): Mappings {
  const username = prefixedOf(entry?.object('username') ?? null, path.child('username'), errors);
  if (username.isAbsent)
    errors.push(required(path.child('username'), 'claim or expression is required'));
  const groups = prefixedOf(entry?.object('groups') ?? null, path.child('groups'), errors);
  const uid = uidOf(entry?.object('uid') ?? null, path.child('uid'), errors);
  const extra = extraOf(entry?.objects('extra') ?? [], path.child('extra'), errors);
  entry?.end();
  const named = username.mapping;
  if (named.kind === 'expression' && named.program.selects('claims', 'email')) {
    const looking = [named.program, ...extra.map(({ program }) => program), ...programsOf(rules)];
    if (!looking.some((program) => program.selects('claims', 'email_verified')))
      errors.push(
        invalidValue(
          path.child('username', 'expression'),
          named.program.text,
          'claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression',
        ),
      );
  }
  return { username: named, groups: groups.mapping, uid, extra };
}

function programsOf(rules: readonly ClaimRule[]): readonly Program[] {
  return rules.flatMap((rule) => (rule.kind === 'expression' ? [rule.program] : []));
}

function prefixedOf(
  entry: ConfigObject | null,
  path: FieldPath,
  errors: FieldError[],
): { readonly mapping: ClaimMapping; readonly isAbsent: boolean } {
  const claim = entry?.text('claim') ?? '';
  const prefix = entry?.optionalText('prefix');
  const expression = entry?.text('expression') ?? '';
  entry?.end();
  if (claim !== '' && expression !== '') {
    errors.push(invalidValue(path, '', "claim and expression can't both be set"));
    return { mapping: none, isAbsent: false };
  }
  if (claim !== '') {
    if (prefix === undefined) {
      const detail =
        'prefix is required when claim is set. It can be set to an empty string to disable prefixing';
      errors.push(required(path.child('prefix'), detail));
    }
    return { mapping: { kind: 'claim', claim, prefix: prefix ?? '' }, isAbsent: false };
  }
  if (expression === '') return { mapping: none, isAbsent: true };
  if (prefix !== undefined) {
    const detail = 'may not be specified when expression is set';
    errors.push(invalidValue(path.child('prefix'), prefix, detail));
  }
  return { mapping: expressionOf(expression, path, errors), isAbsent: false };
}

function uidOf(entry: ConfigObject | null, path: FieldPath, errors: FieldError[]): ClaimMapping {
  const claim = entry?.text('claim') ?? '';
  const expression = entry?.text('expression') ?? '';
  entry?.end();
  if (claim !== '' && expression !== '')
    errors.push(invalidValue(path, '', "claim and expression can't both be set"));
  else if (claim !== '') return { kind: 'claim', claim, prefix: '' };
  else if (expression !== '') return expressionOf(expression, path, errors);
  return none;
}

function expressionOf(text: string, path: FieldPath, errors: FieldError[]): ClaimMapping {
  const program = compileJwtExpression(text, mapping, path.child('expression'), errors);
  return program === null ? none : { kind: 'expression', program };
}

function extraOf(
  entries: readonly ConfigObject[],
  path: FieldPath,
  errors: FieldError[],
): JwtSettings['extra'] {
  const seen = new Set<string>();
  const extra: { key: string; program: Program }[] = [];
  for (const [index, entry] of entries.entries()) {
    const at = path.index(index);
    const key = entry.text('key');
    const expression = entry.text('valueExpression');
    entry.end();
    checkExtraKey(key, at.child('key'), errors);
    if (isAgain(seen, key)) errors.push(duplicate(at.child('key'), key));
    else if (expression === '') errors.push(required(at.child('valueExpression'), ''));
    else {
      const program = compileJwtExpression(
        expression,
        mapping,
        at.child('valueExpression'),
        errors,
      );
      if (program !== null) extra.push({ key, program });
    }
  }
  return extra;
}

function checkExtraKey(key: string, path: FieldPath, errors: FieldError[]): void {
  checkDomainPrefixedPath(key, path, errors);
  if (key !== key.toLowerCase()) errors.push(invalidValue(path, key, 'must be lowercase'));
  if (/^([^/]*\.)?(kubernetes|k8s)\.io\//.test(key)) {
    const detail = 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use';
    errors.push(invalidValue(path, key, detail));
  }
}

/** Whether it has been there before; it has from now on. */
function isAgain(seen: Set<string>, text: string): boolean {
  const again = seen.has(text);
  seen.add(text);
  return again;
}
