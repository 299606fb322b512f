import type { Prng } from '../../base/prng.js';
import type { FieldError } from './field-errors.js';
import { type FieldPath, forbiddenField, invalidValue, required, tooLong } from './field-path.js';
import { validateImmutable } from './immutable.js';
import { validateLabels } from './labels.js';
import { validateManagedFields } from './managed-fields.js';
import { dnsLabelProblems, type NameRule, nameProblems, qualifiedNameProblems } from './names.js';
import type { ObjectMeta, OwnerReference } from './object.js';
import { quote, utf8Length } from './quote.js';

/** Bytes that all keys and values of an object's annotations may take together. */
export const annotationsBytesMax = 256 * 1024;

/** Keeps an object whose deletion leaves its dependents alone, until they are orphans. */
export const orphanFinalizer = 'orphan';
/** Keeps an object whose deletion waits for its dependents' deletion. */
export const foregroundDeletionFinalizer = 'foregroundDeletion';

/** What is wrong with the metadata of an object that is to be created; its name is generated before. */
export function validateObjectMeta(
  meta: ObjectMeta,
  options: {
    readonly isNamespaced: boolean;
    readonly nameRule: NameRule;
    readonly path: FieldPath;
  },
): FieldError[] {
  const { isNamespaced, nameRule, path } = options;
  return [
    ...validateName(meta, nameRule, path),
    ...validateNamespace(meta.namespace ?? '', isNamespaced, path.child('namespace')),
    ...validateNotNegative(meta.generation ?? 0, path.child('generation')),
    ...validateLabels(meta.labels, path.child('labels')),
    ...validateAnnotations(meta.annotations, path.child('annotations')),
    ...validateOwnerReferences(meta.ownerReferences, path.child('ownerReferences')),
    ...validateFinalizers(meta.finalizers, path.child('finalizers')),
    ...validateManagedFields(meta.managedFields, path.child('managedFields')),
  ];
}

/** What is wrong with the metadata of an object that is to replace `old`. */
export function validateObjectMetaUpdate(
  meta: ObjectMeta,
  old: ObjectMeta,
  path: FieldPath,
): FieldError[] {
  return [
    ...validateNoNewFinalizers(meta, old, path.child('finalizers')),
    ...validateResourceVersion(meta, path.child('resourceVersion')),
    ...validateGenerationUpdate(meta.generation ?? 0, old.generation ?? 0, path),
    ...immutableTexts.flatMap((field) =>
      validateImmutable(meta[field] ?? '', old[field] ?? '', path.child(field)),
    ),
    ...immutableValues.flatMap((field) =>
      validateImmutable(meta[field] ?? null, old[field] ?? null, path.child(field)),
    ),
    ...validateLabels(meta.labels, path.child('labels')),
    ...validateAnnotations(meta.annotations, path.child('annotations')),
    ...validateOwnerReferences(meta.ownerReferences, path.child('ownerReferences')),
    ...validateManagedFields(meta.managedFields, path.child('managedFields')),
  ];
}

const immutableTexts = ['name', 'namespace', 'uid'] as const;
const immutableValues = [
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

function validateName(meta: ObjectMeta, rule: NameRule, path: FieldPath): FieldError[] {
  const { generateName = '', name = '' } = meta;
  const errors: FieldError[] = [];
  if (generateName !== '') {
    for (const problem of nameProblems(rule, generateName, true)) {
      errors.push(invalidValue(path.child('generateName'), generateName, problem));
    }
  }
  const namePath = path.child('name');
  if (name === '') errors.push(required(namePath, 'name or generateName is required'));
  else
    for (const problem of nameProblems(rule, name, false)) {
      errors.push(invalidValue(namePath, name, problem));
    }
  return errors;
}

function validateNamespace(
  namespace: string,
  isNamespaced: boolean,
  path: FieldPath,
): FieldError[] {
  if (!isNamespaced) {
    return namespace === '' ? [] : [forbiddenField(path, 'not allowed on this type')];
  }
  if (namespace === '') return [required(path, '')];
  return dnsLabelProblems(namespace).map((problem) => invalidValue(path, namespace, problem));
}

function validateNotNegative(value: number, path: FieldPath): FieldError[] {
  return value < 0 ? [invalidValue(path, value, 'must be greater than or equal to 0')] : [];
}

/** What is wrong with annotations: keys are qualified names in any case, and all together have a bound. */
export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    bytes += utf8Length(key) + utf8Length(value);
    for (const problem of qualifiedNameProblems(key.toLowerCase())) {
      errors.push(invalidValue(path, key, problem));
    }
  }
  if (bytes > annotationsBytesMax) errors.push(tooLong(path, '', annotationsBytesMax));
  return errors;
}

/** What is wrong with the owners of an object: each is named completely, and at most one is its controller. */
export function validateOwnerReferences(
  references: readonly OwnerReference[] | undefined,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  let controller = '';
  for (const reference of references ?? []) {
    errors.push(...validateOwnerReference(reference, path));
    if (reference.controller !== true) continue;
    const name = `${reference.kind ?? ''}/${reference.name ?? ''}`;
    if (controller === '') {
      controller = name;
    } else {
      const text =
        'Only one reference can have Controller set to true. ' +
        `Found "true" in references for ${controller} and ${name}`;
      errors.push(invalidValue(path, references, text));
    }
  }
  return errors;
}

function validateOwnerReference(reference: OwnerReference, path: FieldPath): FieldError[] {
  const { apiVersion = '', kind = '', name = '', uid = '' } = reference;
  const errors: FieldError[] = [];
  if (!/^(?:[^/]*\/)?[^/]+$/.test(apiVersion)) {
    errors.push(invalidValue(path.child('apiVersion'), apiVersion, 'version must not be empty'));
  }
  for (const [field, value] of Object.entries({ kind, name, uid })) {
    if (value === '') errors.push(invalidValue(path.child(field), value, 'must not be empty'));
  }
  if (apiVersion === 'v1' && kind === 'Event') {
    const text = '/v1, Kind=Event is disallowed from being an owner';
    errors.push(invalidValue(path, reference, text));
  }
  return errors;
}

/** What is wrong with the finalizers of an object that is to be created. */
export function validateFinalizers(
  finalizers: readonly string[] | undefined,
  path: FieldPath,
): FieldError[] {
  const names = finalizers ?? [];
  const errors = names.flatMap((name) =>
    qualifiedNameProblems(name).map((problem) => invalidValue(path, name, problem)),
  );
  if (names.includes(orphanFinalizer) && names.includes(foregroundDeletionFinalizer)) {
    const text = `finalizer ${orphanFinalizer} and ${foregroundDeletionFinalizer} cannot be both set`;
    errors.push(invalidValue(path, names, text));
  }
  return errors;
}

function validateNoNewFinalizers(meta: ObjectMeta, old: ObjectMeta, path: FieldPath): FieldError[] {
  if (old.deletionTimestamp === undefined) return [];
  const before = new Set(old.finalizers);
  const added = [...new Set(meta.finalizers)].filter((name) => !before.has(name)).sort();
  if (added.length === 0) return [];
  const text =
    'no new finalizers can be added if the object is being deleted, ' +
    `found new finalizers []string{${added.map(quote).join(', ')}}`;
  return [forbiddenField(path, text)];
}

function validateResourceVersion(
  { resourceVersion = '' }: ObjectMeta,
  path: FieldPath,
): FieldError[] {
  return resourceVersion === ''
    ? [invalidValue(path, resourceVersion, 'must be specified for an update')]
    : [];
}

function validateGenerationUpdate(generation: number, old: number, path: FieldPath): FieldError[] {
  return generation < old
    ? [invalidValue(path.child('generation'), generation, 'must not be decremented')]
    : [];
}

/** No vowels and nothing that is easily taken for another, so that no words come out. */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
const generatedNameMax = 63;

/** `base` and five random characters; `base` is cut so that the whole has at most 63 characters. */
export function generateName(base: string, prng: Prng): string {
  let name = base.slice(0, generatedNameMax - suffixLength);
  for (let i = 0; i < suffixLength; i++) {
    name += suffixAlphabet.charAt(prng.int(0, suffixAlphabet.length));
  }
  return name;
}
