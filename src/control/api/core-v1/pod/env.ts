import { type FieldPath, invalidValue, required } from '../../../machinery/field-path.js';
import {
  configMapKeyProblems,
  dnsSubdomainProblems,
  nameProblems,
  relaxedEnvVarNameProblems,
} from '../../../machinery/names.js';
import type { EnvFromSource, EnvVar, EnvVarSource, FileKeySelector } from '../../gen/core-v1.js';
import {
  addProblems,
  checkDnsLabel,
  checkPresent,
  type FieldErrors,
  isUnset,
} from '../field-checks.js';
import { checkNoBacksteps } from '../paths.js';
import { checkFieldRef, checkResourceFieldRef } from './field-refs.js';

const envFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

/** The environment variables of a container. */
export function checkEnv(
  variables: readonly EnvVar[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  variables?.forEach((variable, at) => {
    const entry = path.index(at);
    if (isUnset(variable.name)) errors.push(required(entry.child('name'), ''));
    else {
      const problems = relaxedEnvVarNameProblems(variable.name);
      addProblems(problems, entry.child('name'), variable.name, errors);
    }
    if (variable.valueFrom !== undefined) {
      checkValueFrom(variable.valueFrom, variable.value, entry.child('valueFrom'), errors);
    }
  });
}

function checkValueFrom(
  from: EnvVarSource,
  value: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (from.fieldRef) checkFieldRef(from.fieldRef, envFields, path.child('fieldRef'), errors);
  if (from.resourceFieldRef) {
    const at = path.child('resourceFieldRef');
    checkResourceFieldRef(from.resourceFieldRef, { inVolume: false }, at, errors);
  }
  if (from.configMapKeyRef) {
    checkKeyRef(from.configMapKeyRef, path.child('configMapKeyRef'), errors);
  }
  if (from.secretKeyRef) checkKeyRef(from.secretKeyRef, path.child('secretKeyRef'), errors);
  if (from.fileKeyRef) checkFileKeyRef(from.fileKeyRef, path.child('fileKeyRef'), errors);

  const sources = Object.values(from).filter((source) => source !== undefined).length;
  if (sources === 0) {
    const text =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    errors.push(invalidValue(path, '', text));
  } else if (!isUnset(value)) {
    errors.push(invalidValue(path, '', 'may not be specified when `value` is not empty'));
  } else if (sources > 1) {
    errors.push(invalidValue(path, '', 'may not have more than one field specified at a time'));
  }
}

function checkKeyRef(
  ref: { readonly name?: string; readonly key?: string },
  path: FieldPath,
  errors: FieldErrors,
): void {
  const name = ref.name ?? '';
  addProblems(dnsSubdomainProblems(name), path.child('name'), name, errors);
  if (isUnset(ref.key)) errors.push(required(path.child('key'), ''));
  else addProblems(configMapKeyProblems(ref.key), path.child('key'), ref.key, errors);
}

function checkFileKeyRef(ref: FileKeySelector, path: FieldPath, errors: FieldErrors): void {
  if (isUnset(ref.key)) errors.push(required(path.child('key'), ''));
  else addProblems(relaxedEnvVarNameProblems(ref.key), path.child('key'), ref.key, errors);
  if (isUnset(ref.volumeName)) errors.push(required(path.child('volumeName'), ''));
  else checkDnsLabel(ref.volumeName, path.child('volumeName'), errors);
  checkPresent(ref.path, path.child('path'), errors);
  if (!isUnset(ref.path)) checkNoBacksteps(ref.path, path.child('path'), errors);
}

/** The ConfigMaps and Secrets whose keys become environment variables of a container. */
export function checkEnvFrom(
  sources: readonly EnvFromSource[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  sources?.forEach((source, at) => {
    const entry = path.index(at);
    if (!isUnset(source.prefix)) {
      const problems = relaxedEnvVarNameProblems(source.prefix);
      addProblems(problems, entry.child('prefix'), source.prefix, errors);
    }
    const refs = [
      ['configMapRef', source.configMapRef],
      ['secretRef', source.secretRef],
    ] as const;
    const present = refs.filter(([, ref]) => ref !== undefined);
    for (const [name, ref] of present)
      checkSourceName(ref?.name, entry.child(name, 'name'), errors);
    if (present.length === 0) {
      const text = 'must specify one of: `configMapRef` or `secretRef`';
      errors.push(invalidValue(path, '', text));
    } else if (present.length > 1) {
      errors.push(invalidValue(path, '', 'may not have more than one field specified at a time'));
    }
  });
}

function checkSourceName(name: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (isUnset(name)) errors.push(required(path, ''));
  else addProblems(nameProblems('dns-subdomain', name, true), path, name, errors);
}
