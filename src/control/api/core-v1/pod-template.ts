import { deepEqual } from '../../machinery/deep-equal.js';
import { fieldPath } from '../../machinery/field-path.js';
import type { PodTemplate } from '../gen/core-v1.js';
import { coreKind } from './core-kind.js';
import type { FieldErrors } from './field-checks.js';
import { setPodTemplateDefaults } from './pod/defaults.js';
import { dropDisabledFields } from './pod/disabled-fields.js';
import { checkPodTemplate } from './pod/template.js';
import { podTemplateWarnings } from './pod/warnings.js';
import { column, containerCells, labelsCell, nameColumn } from './table.js';

const path = fieldPath('template');

function validate({ template }: PodTemplate, old?: PodTemplate): FieldErrors {
  const errors: FieldErrors = [];
  checkPodTemplate(template ?? {}, old?.template, path, errors);
  return errors;
}

/** The rules of PodTemplates. */
export const podTemplateKind = coreKind<PodTemplate>('PodTemplate', {
  setDefaults: (object) => {
    object.template ??= {};
    setPodTemplateDefaults(object.template);
  },
  prepareForCreate: ({ template }) => {
    if (template?.spec) dropDisabledFields(template.spec, undefined);
  },
  validateCreate: (object) => validate(object),
  prepareForUpdate: (object, old) => {
    const { template, metadata } = object;
    if (template?.spec) dropDisabledFields(template.spec, old.template?.spec);
    if (deepEqual(template, old.template)) return;
    metadata.generation = (old.metadata.generation ?? 0) + 1;
  },
  validateUpdate: validate,
  warnings: ({ metadata, template }, old) => {
    const isSame = old !== undefined && old.metadata.generation === metadata.generation;
    return isSame ? [] : podTemplateWarnings(template, path);
  },
  countsGeneration: true,
  table: {
    columns: [
      nameColumn,
      column('Containers', 'The names of the containers.'),
      column('Images', 'The images of the containers.'),
      column('Pod Labels', 'The labels of the pods that are made from the template.'),
    ],
    cells: ({ metadata, template }) => [
      metadata.name ?? '',
      ...containerCells(template?.spec?.containers),
      labelsCell(template?.metadata?.labels),
    ],
  },
});
