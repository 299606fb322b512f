import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { dnsLabelProblems } from '../../machinery/names.js';
import type { ReplicationController, ReplicationControllerSpec } from '../gen/core-v1.js';
import { coreKind } from './core-kind.js';
import { checkNonNegative, type FieldErrors } from './field-checks.js';
import { setPodTemplateDefaults } from './pod/defaults.js';
import { dropDisabledFields } from './pod/disabled-fields.js';
import { checkPodTemplate } from './pod/template.js';
import { podTemplateWarnings } from './pod/warnings.js';
import { replicaTable } from './replica-table.js';
import { restore } from './restore.js';
import { labelsCell } from './table.js';

function setDefaults(controller: ReplicationController): void {
  controller.spec ??= {};
  const { spec, metadata } = controller;
  const labels = spec.template?.metadata?.labels;
  if (labels !== undefined) {
    if (isEmpty(spec.selector)) spec.selector = { ...labels };
    if (isEmpty(metadata.labels)) metadata.labels = { ...labels };
  }
  spec.replicas ??= 1;
  setPodTemplateDefaults(spec.template);
}

function isEmpty(map: Readonly<Record<string, string>> | undefined): boolean {
  return Object.keys(map ?? {}).length === 0;
}

function checkSpec(
  spec: ReplicationControllerSpec,
  old: ReplicationControllerSpec | undefined,
  errors: FieldErrors,
): void {
  const path = fieldPath('spec');
  checkNonNegative(spec.minReadySeconds, path.child('minReadySeconds'), errors);
  if (isEmpty(spec.selector)) errors.push(required(path.child('selector'), ''));
  if (spec.replicas === undefined) errors.push(required(path.child('replicas'), ''));
  checkNonNegative(spec.replicas, path.child('replicas'), errors);
  checkTemplate(spec, old, path.child('template'), errors);
}

function checkTemplate(
  { template, selector }: ReplicationControllerSpec,
  old: ReplicationControllerSpec | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (template === undefined) {
    errors.push(required(path, ''));
    return;
  }
  const labels = template.metadata?.labels ?? {};
  if (Object.entries(selector ?? {}).some(([key, value]) => labels[key] !== value)) {
    const text = '`selector` does not match template `labels`';
    errors.push(invalidValue(path.child('metadata', 'labels'), labels, text));
  }
  checkPodTemplate(template, old?.template, path, errors);
  const { restartPolicy = '', activeDeadlineSeconds } = template.spec ?? {};
  if (restartPolicy !== 'Always') {
    errors.push(notSupported(path.child('spec', 'restartPolicy'), restartPolicy, ['Always']));
  }
  if (activeDeadlineSeconds !== undefined) {
    const text = 'activeDeadlineSeconds in ReplicationController is not Supported';
    errors.push(forbiddenField(path.child('spec', 'activeDeadlineSeconds'), text));
  }
}

function validateStatus({ status = {} }: ReplicationController): FieldError[] {
  const errors: FieldErrors = [];
  const path = fieldPath('status');
  const counts = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const;
  for (const name of ['replicas', ...counts, 'observedGeneration'] as const) {
    checkNonNegative(status[name], path.child(name), errors);
  }
  for (const name of counts) {
    const count = status[name] ?? 0;
    if (count <= (status.replicas ?? 0)) continue;
    errors.push(invalidValue(path.child(name), count, 'cannot be greater than status.replicas'));
  }
  const available = status.availableReplicas ?? 0;
  if (available > (status.readyReplicas ?? 0)) {
    const text = 'cannot be greater than readyReplicas';
    errors.push(invalidValue(path.child('availableReplicas'), available, text));
  }
  return errors;
}

function warnings(controller: ReplicationController, old?: ReplicationController): string[] {
  const path = fieldPath('spec', 'template');
  const { metadata, spec } = controller;
  const isSame = old !== undefined && old.metadata.generation === metadata.generation;
  const ofTemplate = isSame ? [] : podTemplateWarnings(spec?.template, path);
  const problems = old === undefined ? dnsLabelProblems(metadata.name ?? '') : [];
  if (problems.length === 0) return ofTemplate;
  return [
    `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${problems.join(' ')}]`,
    ...ofTemplate,
  ];
}

/** The rules of ReplicationControllers. */
export const replicationControllerKind = coreKind<ReplicationController>('ReplicationController', {
  setDefaults,
  prepareForCreate: (controller) => {
    controller.status = { replicas: 0 };
    if (controller.spec?.template?.spec)
      dropDisabledFields(controller.spec.template.spec, undefined);
  },
  validateCreate: ({ spec }) => {
    const errors: FieldErrors = [];
    checkSpec(spec ?? {}, undefined, errors);
    return errors;
  },
  prepareForUpdate: (controller, old) => {
    restore(controller, old, 'status');
    const template = controller.spec?.template?.spec;
    if (template) dropDisabledFields(template, old.spec?.template?.spec);
  },
  validateUpdate: ({ spec }, old) => {
    const errors: FieldErrors = [];
    checkSpec(spec ?? {}, old.spec, errors);
    return errors;
  },
  prepareForStatusUpdate: (controller, old) => {
    restore(controller, old, 'spec');
  },
  validateStatusUpdate: validateStatus,
  warnings,
  selectableFields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  table: replicaTable(({ spec }) => labelsCell(spec?.selector)),
});
