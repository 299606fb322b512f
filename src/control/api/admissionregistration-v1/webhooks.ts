import { deepEqual } from '../../machinery/deep-equal.js';
import type { FieldError } from '../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  fieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { validateLabelSelector } from '../../machinery/label-selector.js';
import { dns1035LabelProblems } from '../../machinery/names.js';
import { addProblems, checkSupported, type FieldErrors } from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import { countChanges } from '../count-changes.js';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../gen/admissionregistration-v1.js';
import type { KindRules } from '../kind-definition.js';
import { checkAdmissionRule } from './admission-rules.js';
import type { ExpressionChecker } from './expressions.js';
import { checkMatchConditions } from './match-conditions.js';
import { failurePolicies, matchPolicies } from './match-resources.js';
import { checkQualifiedHookName, checkWebhookClient } from './webhook-client.js';

type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;
type Webhook = MutatingWebhook & ValidatingWebhook;

const anySideEffects = ['None', 'NoneOnDryRun', 'Some', 'Unknown'];
const harmless = ['None', 'NoneOnDryRun'];
const reinvocationPolicies = ['IfNeeded', 'Never'];
const reviewVersions = ['v1', 'v1beta1'];

function setDefaults({ webhooks }: Configuration, isMutating: boolean): void {
  for (const webhook of (webhooks ?? []) as Webhook[]) {
    webhook.failurePolicy ??= 'Fail';
    webhook.matchPolicy ??= 'Equivalent';
    webhook.namespaceSelector ??= {};
    webhook.objectSelector ??= {};
    webhook.timeoutSeconds ??= 10;
    if (isMutating) webhook.reinvocationPolicy ??= 'Never';
    for (const rule of webhook.rules ?? []) rule.scope ??= '*';
    if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443;
  }
}

/** What a configuration may have wrong because it had before. */
interface Strictness {
  readonly needsHarmless: boolean;
  readonly needsKnownVersion: boolean;
  readonly needsUniqueNames: boolean;
  readonly checksConditions: boolean;
}

const strict: Strictness = {
  needsHarmless: true,
  needsKnownVersion: true,
  needsUniqueNames: true,
  checksConditions: true,
};

function strictnessAfter(old: Configuration, webhooks: readonly Webhook[]): Strictness {
  const before = (old.webhooks ?? []) as Webhook[];
  const names = before.map(({ name }) => name);
  const conditionsOf = (hooks: readonly Webhook[]) =>
    hooks.map(({ matchConditions }) => matchConditions ?? null);
  return {
    needsHarmless: before.every(({ sideEffects = '' }) => harmless.includes(sideEffects)),
    needsKnownVersion: before.every(
      ({ admissionReviewVersions: versions = [] }) =>
        versions.length === 0 || versions.some((version) => reviewVersions.includes(version)),
    ),
    needsUniqueNames: new Set(names).size === names.length,
    checksConditions: !deepEqual(conditionsOf(before), conditionsOf(webhooks)),
  };
}

function validate(
  configuration: Configuration,
  old: Configuration | undefined,
  check: ExpressionChecker,
): FieldError[] {
  const errors: FieldErrors = [];
  const webhooks = (configuration.webhooks ?? []) as Webhook[];
  const strictness = old === undefined ? strict : strictnessAfter(old, webhooks);
  const names = new Set<string>();
  webhooks.forEach((webhook, at) => {
    const path = fieldPath('webhooks').index(at);
    checkWebhook(webhook, { ...strictness, check }, path, errors);
    const { name = '', admissionReviewVersions = [] } = webhook;
    const versionsPath = path.child('admissionReviewVersions');
    checkReviewVersions(admissionReviewVersions, strictness, versionsPath, errors);
    if (strictness.needsUniqueNames && name !== '' && names.has(name)) {
      errors.push(duplicate(path.child('name'), name));
    }
    names.add(name);
  });
  return errors;
}

function checkWebhook(
  webhook: Webhook,
  { needsHarmless, checksConditions, check }: Strictness & { readonly check: ExpressionChecker },
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkQualifiedHookName(webhook.name, path.child('name'), errors);
  webhook.rules?.forEach((rule, at) => {
    checkAdmissionRule(rule, path.child('rules').index(at), errors);
  });
  checkSupported(webhook.failurePolicy, failurePolicies, path.child('failurePolicy'), errors);
  checkSupported(webhook.matchPolicy, matchPolicies, path.child('matchPolicy'), errors);
  checkSideEffects(
    webhook.sideEffects,
    needsHarmless ? harmless : anySideEffects,
    path.child('sideEffects'),
    errors,
  );
  const seconds = webhook.timeoutSeconds;
  if (seconds !== undefined && (seconds > 30 || seconds < 1)) {
    const text = 'the timeout value must be between 1 and 30 seconds';
    errors.push(invalidValue(path.child('timeoutSeconds'), seconds, text));
  }
  for (const name of ['namespaceSelector', 'objectSelector'] as const) {
    errors.push(...validateLabelSelector(webhook[name], path.child(name)));
  }
  const reinvocationPath = path.child('reinvocationPolicy');
  checkSupported(webhook.reinvocationPolicy, reinvocationPolicies, reinvocationPath, errors);
  checkWebhookClient(webhook.clientConfig ?? {}, path.child('clientConfig'), errors);
  if (!checksConditions) return;
  const conditionsPath = path.child('matchConditions');
  checkMatchConditions(
    webhook.matchConditions,
    { hasParams: false, check },
    conditionsPath,
    errors,
  );
}

function checkSideEffects(
  effects: string | undefined,
  allowed: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (effects === undefined) {
    errors.push(required(path, `must specify one of ${allowed.join(', ')}`));
  } else if (!allowed.includes(effects)) {
    errors.push(notSupported(path, effects, allowed));
  }
}

function checkReviewVersions(
  versions: readonly string[],
  { needsKnownVersion }: Strictness,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const known = reviewVersions.join(', ');
  if (versions.length === 0) {
    errors.push(required(path, `must specify one of ${known}`));
    return;
  }
  versions.forEach((version, at) => {
    if (versions.indexOf(version) < at) {
      errors.push(invalidValue(path.index(at), version, 'duplicate version'));
    } else {
      addProblems(dns1035LabelProblems(version), path.index(at), version, errors);
    }
  });
  if (!needsKnownVersion || versions.some((version) => reviewVersions.includes(version))) return;
  errors.push(invalidValue(path, versions, `must include at least one of ${known}`));
}

/** The rules of a configuration of webhooks of either kind. */
export function webhookRules(
  isMutating: boolean,
  check: ExpressionChecker,
): KindRules<Configuration> {
  return {
    countsGeneration: true,
    setDefaults: (configuration) => {
      setDefaults(configuration, isMutating);
    },
    validateCreate: (configuration) => validate(configuration, undefined, check),
    prepareForUpdate: (configuration, old) => {
      countChanges(configuration, old, ['webhooks']);
    },
    validateUpdate: (configuration, old) => validate(configuration, old, check),
    table: {
      columns: [
        nameColumn,
        column('Webhooks', 'How many webhooks there are.', { type: 'integer' }),
        ageColumn,
      ],
      cells: ({ metadata, webhooks }, nowMs) => [
        metadata.name ?? '',
        webhooks?.length ?? 0,
        ageOf(metadata.creationTimestamp, nowMs),
      ],
    },
  };
}
