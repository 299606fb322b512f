import {
  type FieldPath,
  forbiddenField,
  invalidValue,
  required,
} from '../../../machinery/field-path.js';
import { validateLabelSelector } from '../../../machinery/label-selector.js';
import { dnsLabelProblems, dnsSubdomainProblems } from '../../../machinery/names.js';
import type {
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimTemplate,
  TypedObjectReference,
} from '../../gen/core-v1.js';
import { quantityOf } from '../amounts.js';
import {
  addProblems,
  checkPresent,
  checkSupported,
  type FieldErrors,
  isUnset,
} from '../field-checks.js';
import { checkTemplateMeta } from '../meta-rules.js';
import { checkAmount, checkPositiveAmount } from '../resource-rules.js';

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

/** How a volume can be held; text of its own values. */
export const volumeModes: readonly string[] = ['Block', 'Filesystem'];

/** How many may hold a volume and in which way; what is for one pod alone stands alone. */
export function checkAccessModes(
  modes: readonly string[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const mode of modes ?? []) checkSupported(mode, accessModes, path, errors);
  const known = modes?.filter((mode) => accessModes.includes(mode)) ?? [];
  const isForOnePod = known.includes('ReadWriteOncePod');
  if (isForOnePod && known.some((mode) => mode !== 'ReadWriteOncePod')) {
    const text = 'may not use ReadWriteOncePod with other access modes';
    errors.push(forbiddenField(path, text));
  }
}

/** What a claim asks for. What the old claim has already wrong may stay where the options say so. */
export function checkClaimSpec(
  spec: PersistentVolumeClaimSpec,
  options: { readonly allowsInvalidApiGroup: boolean },
  path: FieldPath,
  errors: FieldErrors,
): void {
  const modesPath = path.child('accessModes');
  if (!spec.accessModes?.length) {
    errors.push(required(modesPath, 'at least 1 access mode is required'));
  }
  errors.push(...validateLabelSelector(spec.selector, path.child('selector')));
  checkAccessModes(spec.accessModes, modesPath, errors);
  checkRequest(spec, path.child('resources').key('storage'), errors);
  if (!isUnset(spec.storageClassName)) {
    const name = spec.storageClassName;
    addProblems(dnsSubdomainProblems(name), path.child('storageClassName'), name, errors);
  }
  checkSupported(spec.volumeMode, volumeModes, path.child('volumeMode'), errors);
  for (const field of ['dataSource', 'dataSourceRef'] as const) {
    const source = spec[field];
    if (source) checkDataSource(source, options, path.child(field), errors);
  }
  checkSourcesAgree(spec, path, errors);
  if (!isUnset(spec.volumeAttributesClassName)) {
    const name = spec.volumeAttributesClassName;
    addProblems(dnsSubdomainProblems(name), path.child('volumeAttributesClassName'), name, errors);
  }
}

function checkRequest(spec: PersistentVolumeClaimSpec, path: FieldPath, errors: FieldErrors): void {
  const text = spec.resources?.requests?.storage;
  if (text === undefined) {
    errors.push(required(path, ''));
    return;
  }
  const amount = quantityOf(text);
  const before = errors.length;
  checkPositiveAmount(amount, path, errors);
  if (errors.length === before) checkAmount('storage', amount, path, errors);
}

function checkDataSource(
  source: TypedObjectReference,
  { allowsInvalidApiGroup }: { readonly allowsInvalidApiGroup: boolean },
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkPresent(source.name, path.child('name'), errors);
  checkPresent(source.kind, path.child('kind'), errors);
  const { apiGroup, kind = '', namespace } = source;
  if (isUnset(apiGroup)) {
    if (kind !== 'PersistentVolumeClaim') {
      const text = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
      errors.push(invalidValue(path, kind, text));
    }
  } else if (!allowsInvalidApiGroup) {
    addProblems(dnsSubdomainProblems(apiGroup), path.child('apiGroup'), apiGroup, errors);
  }
  if (!isUnset(namespace)) {
    addProblems(dnsLabelProblems(namespace), path.child('namespace'), namespace, errors);
  }
}

/** The two fields that name where the data comes from must say the same. The API shows the field's path as the value. */
function checkSourcesAgree(
  { dataSource, dataSourceRef }: PersistentVolumeClaimSpec,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (dataSource === undefined || dataSourceRef === undefined) return;
  const shown = path.child('dataSource').toString();
  if (!isUnset(dataSourceRef.namespace)) {
    const text = 'may not be specified when dataSourceRef.namespace is specified';
    errors.push(invalidPath(path, shown, text));
    return;
  }
  const isSame =
    dataSource.apiGroup === dataSourceRef.apiGroup &&
    dataSource.kind === dataSourceRef.kind &&
    dataSource.name === dataSourceRef.name;
  if (!isSame) errors.push(invalidPath(path, shown, 'must match dataSourceRef'));
}

/** A path prints itself as a value, without quotes. */
function invalidPath(path: FieldPath, shown: string, text: string) {
  return { ...invalidValue(path, '', ''), message: `Invalid value: ${shown}: ${text}` };
}

/** A claim that is made for a pod or a replica: its metadata are labels and annotations. */
export function checkClaimTemplate(
  template: PersistentVolumeClaimTemplate,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkTemplateMeta(template.metadata, path.child('metadata'), errors);
  const options = { allowsInvalidApiGroup: false };
  checkClaimSpec(template.spec ?? {}, options, path.child('spec'), errors);
}
