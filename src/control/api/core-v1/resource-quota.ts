import type { FieldError } from '../../machinery/field-errors.js';
import { type FieldPath, fieldPath, invalidValue, required } from '../../machinery/field-path.js';
import { immutableText } from '../../machinery/immutable.js';
import type {
  ResourceQuota,
  ResourceQuotaSpec,
  ScopedResourceSelectorRequirement,
} from '../gen/core-v1.js';
import { amountsOf, quantityOf, roundAmounts } from './amounts.js';
import { coreKind } from './core-kind.js';
import type { FieldErrors } from './field-checks.js';
import { isStandardQuotaName } from './resource-names.js';
import { checkQuotaResourceName, checkResourceList } from './resource-rules.js';
import { restore } from './restore.js';
import { ageColumn, ageOf, column, nameColumn } from './table.js';

const podAmounts = [
  'pods',
  'cpu',
  'memory',
  'limits.cpu',
  'limits.memory',
  'requests.cpu',
  'requests.memory',
];
const ofPods: ReadonlySet<string> = new Set(podAmounts);

/** The scopes of a quota, and the standard resources that can be counted in them. */
const scopes: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['Terminating', ofPods],
  ['NotTerminating', ofPods],
  ['BestEffort', new Set(['pods'])],
  ['NotBestEffort', ofPods],
  ['PriorityClass', ofPods],
  ['CrossNamespacePodAffinity', ofPods],
  ['VolumeAttributesClass', new Set(['persistentvolumeclaims', 'requests.storage'])],
]);

/** Scopes of which a pod is never in both. */
const opposites: readonly (readonly [string, string])[] = [
  ['BestEffort', 'NotBestEffort'],
  ['NotTerminating', 'Terminating'],
];

function checkSpec(spec: ResourceQuotaSpec, errors: FieldErrors): void {
  const path = fieldPath('spec');
  checkResourceList(spec.hard, checkQuotaResourceName, path.child('hard'), errors);
  checkScopes(spec, path.child('scopes'), errors);
  const selectorPath = path.child('scopeSelector', 'matchExpressions');
  if (spec.scopeSelector) checkScopeSelector(spec, selectorPath, errors);
}

function checkScopes(spec: ResourceQuotaSpec, path: FieldPath, errors: FieldErrors): void {
  const list = spec.scopes ?? [];
  for (const scope of list) {
    if (!scopes.has(scope)) errors.push(invalidValue(path, list, 'unsupported scope'));
    checkCountable(spec, scope, list, path, errors);
  }
  checkOpposites(new Set(list), list, path, errors);
}

function checkCountable(
  spec: ResourceQuotaSpec,
  scope: string,
  shown: unknown,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const [name] of amountsOf(spec.hard)) {
    const countable = scopes.get(scope);
    if (!isStandardQuotaName(name) || countable === undefined || countable.has(name)) continue;
    errors.push(invalidValue(path, shown, 'unsupported scope applied to resource'));
  }
}

function checkOpposites(
  given: ReadonlySet<string>,
  shown: unknown,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const [one, other] of opposites) {
    if (!given.has(one) || !given.has(other)) continue;
    errors.push(invalidValue(path, shown, 'conflicting scopes'));
  }
}

const onlyExists = new Set([
  'BestEffort',
  'NotBestEffort',
  'Terminating',
  'NotTerminating',
  'CrossNamespacePodAffinity',
]);
const existsText =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";

function checkScopeSelector(spec: ResourceQuotaSpec, path: FieldPath, errors: FieldErrors): void {
  const list = spec.scopeSelector?.matchExpressions ?? [];
  const shown = {
    MatchExpressions: list.map(({ scopeName = '', operator = '', values = null }) => ({
      ScopeName: scopeName,
      Operator: operator,
      Values: values,
    })),
  };
  for (const requirement of list) {
    const { scopeName = '' } = requirement;
    if (!scopes.has(scopeName)) {
      errors.push(invalidValue(path.child('scopeName'), scopeName, 'unsupported scope'));
    }
    checkCountable(spec, scopeName, shown, path, errors);
    checkRequirement(requirement, path, errors);
  }
  const given = new Set(list.map(({ scopeName }) => scopeName ?? ''));
  checkOpposites(given, spec.scopes ?? null, path, errors);
}

function checkRequirement(
  { scopeName = '', operator = '', values = [] }: ScopedResourceSelectorRequirement,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (onlyExists.has(scopeName) && operator !== 'Exists') {
    errors.push(invalidValue(path.child('operator'), operator, existsText));
  }
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length > 0) return;
    const text = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    errors.push(required(path.child('values'), text));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length === 0) return;
    const text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
    errors.push(invalidValue(path.child('values'), values, text));
  } else {
    errors.push(invalidValue(path.child('operator'), operator, 'not a valid selector operator'));
  }
}

function validateStatus({ status }: ResourceQuota): FieldError[] {
  const errors: FieldErrors = [];
  for (const list of ['hard', 'used'] as const) {
    const path = fieldPath('status', list);
    checkResourceList(status?.[list], checkQuotaResourceName, path, errors);
  }
  return errors;
}

/** The rules of ResourceQuotas. */
export const resourceQuotaKind = coreKind<ResourceQuota>('ResourceQuota', {
  setDefaults: ({ spec, status }) => {
    for (const list of [spec?.hard, status?.hard, status?.used]) roundAmounts(list);
  },
  prepareForCreate: (quota) => {
    quota.status = {};
  },
  validateCreate: ({ spec }) => {
    const errors: FieldErrors = [];
    checkSpec(spec ?? {}, errors);
    return errors;
  },
  prepareForUpdate: (quota, old) => {
    restore(quota, old, 'status');
  },
  validateUpdate: ({ spec }, old) => {
    const errors: FieldErrors = [];
    checkSpec(spec ?? {}, errors);
    const sorted = (list: readonly string[] | undefined) => [...new Set(list)].sort().join();
    if (sorted(spec?.scopes) !== sorted(old.spec?.scopes)) {
      const shown = spec?.scopes ?? null;
      errors.push(invalidValue(fieldPath('spec', 'scopes'), shown, immutableText));
    }
    return errors;
  },
  prepareForStatusUpdate: (quota, old) => {
    restore(quota, old, 'spec');
  },
  validateStatusUpdate: validateStatus,
  countsGeneration: false,
  table: {
    columns: [
      nameColumn,
      column('Request', 'Used and allowed amounts of what is counted.'),
      column('Limit', 'Used and allowed amounts of limits.'),
      ageColumn,
    ],
    cells: ({ metadata, status }, nowMs) => {
      const entries = amountsOf(status?.hard).map(([name, hard]) => ({
        isLimit: name.startsWith('limits.'),
        text: `${name}: ${quantityOf(status?.used?.[name])}/${hard}`,
      }));
      const cell = (isLimit: boolean) =>
        entries
          .filter((entry) => entry.isLimit === isLimit)
          .map(({ text }) => text)
          .join(', ');
      const age = ageOf(metadata.creationTimestamp, nowMs);
      return [metadata.name ?? '', cell(false), cell(true), age];
    },
  },
});
