import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, invalidValue } from '../../machinery/field-path.js';
import type { Namespace } from '../gen/core-v1.js';
import { coreKind } from './core-kind.js';
import { checkQualifiedName } from './field-checks.js';
import { checkFinalizerName } from './meta-rules.js';
import { restore } from './restore.js';
import { ageColumn, ageOf, column, nameColumn } from './table.js';

const nameLabel = 'kubernetes.io/metadata.name';

/** Every namespace can be selected by its name. */
function setNameLabel({ metadata }: Namespace): void {
  const { name } = metadata;
  if (!name || metadata.labels?.[nameLabel] === name) return;
  metadata.labels = { ...metadata.labels, [nameLabel]: name };
}

const finalizersPath = fieldPath('spec', 'finalizers');

/** The rules of Namespaces. */
export const namespaceKind = coreKind<Namespace>('Namespace', {
  setDefaults: (namespace) => {
    setNameLabel(namespace);
    namespace.status ??= {};
    namespace.status.phase ||= 'Active';
  },
  prepareForCreate: (namespace) => {
    setNameLabel(namespace);
    namespace.status = { phase: 'Active' };
    namespace.spec ??= {};
    const finalizers = namespace.spec.finalizers ?? [];
    if (!finalizers.includes('kubernetes')) {
      namespace.spec.finalizers = [...finalizers, 'kubernetes'];
    }
  },
  validateCreate: ({ spec }) => {
    const errors: FieldError[] = [];
    for (const name of spec?.finalizers ?? []) {
      checkQualifiedName(name, finalizersPath, errors);
      checkFinalizerName(name, finalizersPath, errors);
    }
    return errors;
  },
  prepareForUpdate: (namespace, old) => {
    restore(namespace, old, 'spec');
    restore(namespace, old, 'status');
  },
  validateUpdate: ({ spec }, _, { subresource }) => {
    const errors: FieldError[] = [];
    if (subresource !== 'finalize') return errors;
    spec?.finalizers?.forEach((name, at) => {
      checkQualifiedName(name, finalizersPath.index(at), errors);
      checkFinalizerName(name, finalizersPath.index(at), errors);
    });
    return errors;
  },
  prepareForStatusUpdate: (namespace, old) => {
    restore(namespace, old, 'spec');
  },
  validateStatusUpdate: ({ metadata, status }) => {
    const phase = status?.phase ?? '';
    const isDeleted = metadata.deletionTimestamp !== undefined;
    if (phase === (isDeleted ? 'Terminating' : 'Active')) return [];
    const text = isDeleted
      ? "may only be 'Terminating' if `deletionTimestamp` is not empty"
      : "may only be 'Active' if `deletionTimestamp` is empty";
    return [invalidValue(fieldPath('status', 'Phase'), phase, text)];
  },
  selectableFields: { 'status.phase': ({ status }) => status?.phase ?? '' },
  countsGeneration: false,
  nameRule: 'dns-label',
  table: {
    columns: [nameColumn, column('Status', 'Whether the namespace is being deleted.'), ageColumn],
    cells: ({ metadata, status }, nowMs) => [
      metadata.name ?? '',
      status?.phase ?? '',
      ageOf(metadata.creationTimestamp, nowMs),
    ],
  },
});
