import type { FieldError } from '../../machinery/field-errors.js';
import {
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../../machinery/field-path.js';
import type { KubeObject } from '../../machinery/object.js';
import { invalid } from '../../machinery/status-errors.js';
import { booleanParameter } from './query-values.js';

/** What a create, update or patch is asked with. */
export interface WriteOptions {
  readonly isDryRun: boolean;
  /** Who is said to own the written fields; '' when the client does not say. */
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  /** Server-side apply takes fields over from other managers; undefined when the client does not say. */
  readonly force: boolean | undefined;
}

/** What happens about fields that the schema does not know, or that a body has twice. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** The options kinds of the writing verbs. */
export type WriteOptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions';

const managerLengthMax = 128;
const validations: readonly string[] = ['', 'Ignore', 'Strict', 'Warn'];

/** Reads and checks the query of a write; `isApply` says that a patch is a server-side apply. Throws 422. */
export function parseWriteOptions(
  query: URLSearchParams,
  kind: WriteOptionsKind,
  isApply = false,
): WriteOptions {
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const fieldManager = query.get('fieldManager') ?? '';
  const fieldValidation = query.get('fieldValidation') ?? '';
  const force = kind === 'PatchOptions' ? booleanParameter(query, 'force') : undefined;
  const errors: FieldError[] = [];
  if (kind === 'PatchOptions') errors.push(...patchProblems({ fieldManager, force, isApply }));
  errors.push(...managerProblems(fieldManager), ...dryRunProblems(dryRun));
  if (!validations.includes(fieldValidation)) {
    errors.push(notSupported(fieldPath('fieldValidation'), fieldValidation, validations));
  }
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', errors);
  return {
    isDryRun: dryRun.length > 0,
    fieldManager,
    fieldValidation: fieldValidation === '' ? 'Warn' : (fieldValidation as FieldValidation),
    force,
  };
}

/** The options as an object, as admission webhooks are told. */
export function optionsObject(kind: WriteOptionsKind, options: WriteOptions): KubeObject {
  const fields = {
    apiVersion: 'meta.k8s.io/v1',
    kind,
    ...(options.isDryRun ? { dryRun: ['All'] } : {}),
    ...(options.fieldManager === '' ? {} : { fieldManager: options.fieldManager }),
    fieldValidation: options.fieldValidation,
    ...(options.force === undefined ? {} : { force: options.force }),
  };
  return fields as unknown as KubeObject;
}

function patchProblems(options: {
  readonly fieldManager: string;
  readonly force: boolean | undefined;
  readonly isApply: boolean;
}): FieldError[] {
  if (!options.isApply) {
    if (options.force === undefined) return [];
    return [forbiddenField(fieldPath('force'), 'may not be specified for non-apply patch')];
  }
  if (options.fieldManager !== '') return [];
  return [required(fieldPath('fieldManager'), 'is required for apply patch')];
}

function managerProblems(fieldManager: string): FieldError[] {
  const path = fieldPath('fieldManager');
  const errors: FieldError[] = [];
  if (Buffer.byteLength(fieldManager) > managerLengthMax) {
    errors.push(tooLong(path, fieldManager, managerLengthMax));
  }
  if (/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(fieldManager)) {
    errors.push(invalidValue(path, fieldManager, 'should only contain printable characters'));
  }
  return errors;
}

/** Shared with deletions. */
export function dryRunProblems(dryRun: readonly string[]): FieldError[] {
  if (dryRun.every((value) => value === 'All')) return [];
  const printed = `[]string{${dryRun.map((value) => JSON.stringify(value)).join(', ')}}`;
  return [
    {
      type: 'FieldValueNotSupported',
      field: 'dryRun',
      message: `Unsupported value: ${printed}: supported values: "All"`,
    },
  ];
}
