import type { FieldError } from '../../machinery/field-errors.js';
import { type FieldPath, fieldPath, invalidValue } from '../../machinery/field-path.js';
import { validateImmutable } from '../../machinery/immutable.js';
import type { FieldErrors } from '../core-v1/field-checks.js';
import { checkTemplateMeta } from '../core-v1/meta-rules.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import { isExtendedName } from '../core-v1/resource-names.js';
import type { DeviceClass, ResourceClaim, ResourceClaimTemplate } from '../gen/resource-v1.js';
import type { KindDefinition } from '../kind-definition.js';
import { checkItems } from './bounded.js';
import { checkClaimSpec, claimItemsMax, setClaimDefaults } from './claim-spec.js';
import { validateClaimStatus } from './claim-status.js';
import {
  checkConfiguration,
  checkSelectors,
  type DeviceExpressionChecker,
} from './device-parts.js';
import { resourceKind } from './resource-kind.js';

const specPath = fieldPath('spec');

function stateCell({ metadata, status }: ResourceClaim): string {
  const isDeleted = metadata.deletionTimestamp !== undefined;
  if (!status?.allocation) return isDeleted ? 'deleted' : 'pending';
  const states = [...(isDeleted ? ['deleted'] : []), 'allocated'];
  if (status.reservedFor?.length) states.push('reserved');
  else if (isDeleted) states.push('deallocating');
  return states.join(',');
}

/** The rules of ResourceClaims; `check` compiles the expressions of their selectors. */
export function resourceClaimKind(check: DeviceExpressionChecker | undefined): KindDefinition {
  return resourceKind<ResourceClaim>('ResourceClaim', {
    countsGeneration: false,
    setDefaults: ({ spec }) => {
      setClaimDefaults(spec);
    },
    validateCreate: ({ spec }) => {
      const errors: FieldErrors = [];
      checkClaimSpec(spec ?? {}, check, specPath, errors);
      return errors;
    },
    validateUpdate: ({ spec }, old) => validateImmutable(spec, old.spec, specPath),
    validateStatusUpdate: validateClaimStatus,
    table: {
      columns: [nameColumn, column('State', 'What became of the claim.'), ageColumn],
      cells: (claim, nowMs) => [
        claim.metadata.name ?? '',
        stateCell(claim),
        ageOf(claim.metadata.creationTimestamp, nowMs),
      ],
    },
  });
}

/** The rules of ResourceClaimTemplates. */
export function resourceClaimTemplateKind(
  check: DeviceExpressionChecker | undefined,
): KindDefinition {
  return resourceKind<ResourceClaimTemplate>('ResourceClaimTemplate', {
    countsGeneration: false,
    setDefaults: ({ spec }) => {
      setClaimDefaults(spec?.spec);
    },
    validateCreate: ({ spec }) => {
      const errors: FieldErrors = [];
      checkTemplateMeta(spec?.metadata, specPath.child('metadata'), errors);
      checkClaimSpec(spec?.spec ?? {}, check, specPath.child('spec'), errors);
      return errors;
    },
    validateUpdate: ({ spec }, old) => validateImmutable(spec, old.spec, specPath),
    table: {
      columns: [nameColumn, ageColumn],
      cells: ({ metadata }, nowMs) => [
        metadata.name ?? '',
        ageOf(metadata.creationTimestamp, nowMs),
      ],
    },
  });
}

function validateClass(
  { spec = {} }: DeviceClass,
  check: DeviceExpressionChecker | undefined,
): FieldError[] {
  const errors: FieldErrors = [];
  checkSelectors(spec.selectors, check, specPath.child('selectors'), errors);
  const each = (config: object, path: FieldPath): void => {
    checkConfiguration(config, path, errors);
  };
  checkItems(spec.config, claimItemsMax, each, specPath.child('config'), errors);
  const { extendedResourceName: name } = spec;
  if (name !== undefined && !isExtendedName(name)) {
    const text = 'must be a valid extended resource name';
    errors.push(invalidValue(specPath.child('extendedResourceName'), name, text));
  }
  return errors;
}

/** The rules of DeviceClasses. */
export function deviceClassKind(check: DeviceExpressionChecker | undefined): KindDefinition {
  return resourceKind<DeviceClass>('DeviceClass', {
    countsGeneration: true,
    validateCreate: (deviceClass) => validateClass(deviceClass, check),
    validateUpdate: (deviceClass) => validateClass(deviceClass, check),
    table: {
      columns: [nameColumn, ageColumn],
      cells: ({ metadata }, nowMs) => [
        metadata.name ?? '',
        ageOf(metadata.creationTimestamp, nowMs),
      ],
    },
  });
}
