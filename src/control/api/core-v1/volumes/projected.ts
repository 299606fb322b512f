import {
  type FieldPath,
  forbiddenField,
  invalidValue,
  required,
} from '../../../machinery/field-path.js';
import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../../gen/core-v1.js';
import { checkPresent, type FieldErrors, isUnset } from '../field-checks.js';
import { checkUnreservedPath } from '../paths.js';
import { checkFieldRef, checkResourceFieldRef } from '../pod/field-refs.js';
import { checkFileMode } from './source-checks.js';

const fileFields = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];

/** A key of a ConfigMap or Secret as a file. */
export function checkKeyToPath(item: KeyToPath, path: FieldPath, errors: FieldErrors): void {
  checkPresent(item.key, path.child('key'), errors);
  checkPresent(item.path, path.child('path'), errors);
  checkUnreservedPath(item.path ?? '', path.child('path'), errors);
  checkFileMode(item.mode, path.child('mode'), errors);
}

/** What the pod or a container says of itself, as a file. The API names the list, not the file. */
export function checkDownwardFile(
  file: DownwardAPIVolumeFile,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkPresent(file.path, path.child('path'), errors);
  checkUnreservedPath(file.path ?? '', path.child('path'), errors);
  if (file.fieldRef) {
    checkFieldRef(file.fieldRef, fileFields, path.child('fieldRef'), errors);
    if (file.resourceFieldRef) {
      const text = 'fieldRef and resourceFieldRef can not be specified simultaneously';
      errors.push(invalidValue(path, 'resource', text));
    }
  } else if (file.resourceFieldRef) {
    const at = path.child('resourceFieldRef');
    checkResourceFieldRef(file.resourceFieldRef, { inVolume: true }, at, errors);
  } else {
    errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'));
  }
  checkFileMode(file.mode, path.child('mode'), errors);
}

/** Several sources in one directory: one kind each, and no file twice. */
export function checkProjected(
  volume: ProjectedVolumeSource,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkFileMode(volume.defaultMode, path.child('defaultMode'), errors);
  const paths = new Set<string>();
  const claim = (file: string, shown: string) => {
    if (paths.has(file)) errors.push(invalidValue(path, shown, 'conflicting duplicate paths'));
    paths.add(file);
  };
  volume.sources?.forEach((source, at) => {
    const entry = path.child('sources').index(at);
    checkKeyedSources(source, claim, entry, errors);
    for (const file of source.downwardAPI?.items ?? []) {
      checkDownwardFile(file, entry.child('downwardAPI'), errors);
      if (!isUnset(file.path)) claim(file.path, file.path);
    }
    if (source.serviceAccountToken) {
      checkToken(source.serviceAccountToken, { list: path, entry }, errors);
    }
    if (Object.values(source).filter((kind) => kind !== undefined).length > 1) {
      const text = 'may not specify more than 1 volume type per source';
      errors.push(forbiddenField(entry, text));
    }
  });
}

function checkKeyedSources(
  source: VolumeProjection,
  claim: (file: string, shown: string) => void,
  entry: FieldPath,
  errors: FieldErrors,
): void {
  for (const kind of ['secret', 'configMap'] as const) {
    const keyed = source[kind];
    if (keyed === undefined) continue;
    checkPresent(keyed.name, entry.child(kind, 'name'), errors);
    keyed.items?.forEach((item, at) => {
      checkKeyToPath(item, entry.child(kind, 'items').index(at), errors);
      if (!isUnset(item.path)) claim(item.path, keyed.name ?? '');
    });
  }
}

const tokenSecondsMin = 600;
const tokenSecondsMax = 2 ** 32;

function checkToken(
  token: ServiceAccountTokenProjection,
  { list, entry }: { readonly list: FieldPath; readonly entry: FieldPath },
  errors: FieldErrors,
): void {
  const seconds = token.expirationSeconds ?? 0;
  const at = entry.child('serviceAccountToken', 'expirationSeconds');
  if (seconds < tokenSecondsMin) {
    const text = 'may not specify a duration less than 10 minutes';
    errors.push(invalidValue(at, seconds, text));
  }
  if (seconds > tokenSecondsMax) {
    const text = 'may not specify a duration larger than 2^32 seconds';
    errors.push(invalidValue(at, seconds, text));
  }
  if (isUnset(token.path)) errors.push(required(list.child('path'), ''));
  else checkUnreservedPath(token.path, list.child('path'), errors);
}
