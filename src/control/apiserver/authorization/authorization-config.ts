import type { FieldError } from '../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  fieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { dnsSubdomainProblems } from '../../machinery/names.js';
import { refuseFieldErrors } from '../configuration/check-fields.js';
import { ConfigObject } from '../configuration/config-object.js';
import { MatchConditions } from './match-conditions.js';
import { type AuthorizationMode, authorizationModes } from './modes.js';

/** A webhook of an AuthorizationConfiguration. */
export interface WebhookSettings {
  /** Milliseconds, at most 30,000. */
  readonly timeoutMs: number;
  readonly allowedTtlMs: number;
  readonly deniedTtlMs: number;
  readonly remembersAllowed: boolean;
  readonly remembersDenied: boolean;
  /** Of the reviews that it is sent. */
  readonly version: 'v1' | 'v1beta1';
  /** What holds while it does not answer, or a condition fails. */
  readonly onError: 'none' | 'deny';
  /** An absolute path. */
  readonly kubeconfigFile: string;
  readonly conditions: MatchConditions;
}

/** One of the authorizers that are asked, in order. */
export type AuthorizerSettings =
  | { readonly type: Exclude<AuthorizationMode, 'Webhook'>; readonly name: string }
  | { readonly type: 'Webhook'; readonly name: string; readonly webhook: WebhookSettings };

const versions = ['v1', 'v1beta1', 'v1alpha1'];
const reviewVersions = ['v1', 'v1beta1'] as const;
const timeoutMsMax = 30_000;
const allowedTtlMsDefault = 300_000;
const deniedTtlMsDefault = 30_000;

/** Reads an --authorization-config file (AuthorizationConfiguration). Throws ConfigError with Kubernetes' texts. */
export function parseAuthorizationConfig(text: string): readonly AuthorizerSettings[] {
  const root = ConfigObject.parse(text, 'AuthorizationConfiguration', versions);
  const errors: FieldError[] = [];
  const path = fieldPath('authorizers');
  const entries = root.objects('authorizers');
  root.end();
  if (entries.length === 0)
    errors.push(required(path, 'at least one authorization mode must be defined'));
  const seen = { types: new Set<string>(), names: new Set<string>() };
  const settings = entries.map((entry, index) =>
    authorizerOf(entry, path.index(index), seen, errors),
  );
  refuseFieldErrors(errors);
  return settings.filter((each) => each !== null);
}

function authorizerOf(
  entry: ConfigObject,
  path: FieldPath,
  seen: { readonly types: Set<string>; readonly names: Set<string> },
  errors: FieldError[],
): AuthorizerSettings | null {
  const name = entry.text('name');
  const asked = entry.text('type');
  const webhook = entry.object('webhook');
  entry.end();
  const type = authorizationModes.find((mode) => mode === asked);
  const at = path.child('type');
  if (type === undefined) {
    const known = [...authorizationModes].sort();
    errors.push(asked === '' ? required(at, '') : notSupported(at, asked, known));
    return null;
  }
  if (seen.types.has(type) && type !== 'Webhook') {
    errors.push(duplicate(at, type));
    return null;
  }
  seen.types.add(type);
  checkName(name, path.child('name'), seen.names, errors);
  if (type !== 'Webhook') {
    if (webhook !== null) {
      const detail = 'may only be specified when type=Webhook';
      errors.push(invalidValue(path.child('webhook'), 'non-null', detail));
    }
    return { type, name };
  }
  if (webhook === null) {
    errors.push(required(path.child('webhook'), 'required when type=Webhook'));
    return null;
  }
  return { type, name, webhook: webhookOf(webhook, path, errors) };
}

function checkName(name: string, path: FieldPath, seen: Set<string>, errors: FieldError[]): void {
  const problems = dnsSubdomainProblems(name);
  if (name === '') errors.push(required(path, ''));
  else if (seen.has(name)) errors.push(duplicate(path, name));
  else if (problems.length > 0) {
    const detail = `authorizer name is invalid: ${problems.join(', ')}`;
    errors.push(invalidValue(path, name, detail));
  }
  seen.add(name);
}

/** As Kubernetes, errors of a webhook's fields leave the field `webhook` out of their paths. */
function webhookOf(entry: ConfigObject, path: FieldPath, errors: FieldError[]): WebhookSettings {
  const conditions = entry.objects('matchConditions');
  const expressions = conditions.map((condition) => {
    const expression = condition.text('expression');
    condition.end();
    return expression;
  });
  const settings: WebhookSettings = {
    timeoutMs: timeoutOf(entry, path.child('timeout'), errors),
    allowedTtlMs: ttlOf(entry, 'authorizedTTL', allowedTtlMsDefault, { path, errors }),
    deniedTtlMs: ttlOf(entry, 'unauthorizedTTL', deniedTtlMsDefault, { path, errors }),
    remembersAllowed: entry.flag('cacheAuthorizedRequests', true),
    remembersDenied: entry.flag('cacheUnauthorizedRequests', true),
    version: oneOf(
      entry.text('subjectAccessReviewVersion'),
      reviewVersions,
      path.child('subjectAccessReviewVersion'),
      errors,
    ),
    onError: onErrorOf(entry, path, errors),
    kubeconfigFile: kubeconfigOf(entry, path.child('connectionInfo'), errors),
    conditions: MatchConditions.compile(expressions, path.child('matchConditions'), errors),
  };
  checkConditionVersion(entry, expressions.length > 0, path, errors);
  entry.end();
  return settings;
}

function timeoutOf(entry: ConfigObject, path: FieldPath, errors: FieldError[]): number {
  const ms = entry.durationMs('timeout');
  if (ms === 0) errors.push(required(path, ''));
  else if (ms < 0 || ms > timeoutMsMax)
    errors.push(invalidValue(path, entry.text('timeout'), 'must be > 0s and <= 30s'));
  return ms;
}

function ttlOf(
  entry: ConfigObject,
  name: string,
  absentMs: number,
  { path, errors }: { readonly path: FieldPath; readonly errors: FieldError[] },
): number {
  const ms = entry.durationMs(name);
  if (ms < 0) errors.push(invalidValue(path.child(name), entry.text(name), 'must be > 0s'));
  return ms === 0 ? absentMs : ms;
}

function onErrorOf(entry: ConfigObject, path: FieldPath, errors: FieldError[]): 'none' | 'deny' {
  const policy = oneOf(
    entry.text('failurePolicy'),
    ['NoOpinion', 'Deny'],
    path.child('failurePolicy'),
    errors,
  );
  return policy === 'Deny' ? 'deny' : 'none';
}

function checkConditionVersion(
  entry: ConfigObject,
  hasConditions: boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  const version = entry.text('matchConditionSubjectAccessReviewVersion');
  const at = path.child('matchConditionSubjectAccessReviewVersion');
  if (version === '') {
    if (hasConditions) errors.push(required(at, 'required if match conditions are specified'));
  } else oneOf(version, ['v1'], at, errors);
}

function kubeconfigOf(entry: ConfigObject, path: FieldPath, errors: FieldError[]): string {
  const info = entry.object('connectionInfo');
  const type = info?.text('type') ?? '';
  const file = info?.text('kubeConfigFile') ?? '';
  info?.end();
  const at = path.child('kubeConfigFile');
  if (type === 'InClusterConfig') {
    // An API server that asks itself who may ask it is of no use, and it runs in no pod.
    const detail = 'InClusterConfig is not supported here; give KubeConfigFile';
    errors.push(invalidValue(path.child('type'), type, detail));
  } else if (
    oneOf(type, ['InClusterConfig', 'KubeConfigFile'], path.child('type'), errors) !== type
  )
    return file;
  else if (file === '') errors.push(required(at, ''));
  else if (!file.startsWith('/')) errors.push(invalidValue(at, file, 'must be an absolute path'));
  return file;
}

/** The value; the first of the known ones when it is none, which is added to `errors`. */
function oneOf<T extends string>(
  value: string,
  known: readonly [T, ...T[]],
  path: FieldPath,
  errors: FieldError[],
): T {
  const found = known.find((each) => each === value);
  if (found !== undefined) return found;
  errors.push(value === '' ? required(path, '') : notSupported(path, value, known));
  return known[0];
}
