import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, invalidValue, required, tooLong } from '../../machinery/field-path.js';
import { validateImmutable } from '../../machinery/immutable.js';
import { setField } from '../../machinery/json-object.js';
import type { Secret } from '../gen/core-v1.js';
import { checkDataKeys, checkStaysImmutable, dataSizeMax, decodedLength } from './config-map.js';
import { coreKind } from './core-kind.js';
import type { FieldErrors } from './field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from './table.js';

const dataPath = fieldPath('data');
const accountAnnotation = 'kubernetes.io/service-account.name';

/** Puts what was written as text to the rest of the data, which is base64. */
function setSecretDefaults(secret: Secret): void {
  secret.type ||= 'Opaque';
  if (secret.stringData === undefined) return;
  for (const [key, text] of Object.entries(secret.stringData)) {
    secret.data ??= {};
    setField(secret.data, key, Buffer.from(text).toString('base64'));
  }
  delete secret.stringData;
}

type TypeCheck = (secret: Secret, errors: FieldErrors) => void;

/** What Secrets of some types must have. */
const typeChecks: Readonly<Record<string, TypeCheck>> = {
  'kubernetes.io/service-account-token': ({ metadata }, errors) => {
    if (metadata.annotations?.[accountAnnotation]) return;
    errors.push(required(fieldPath('metadata', 'annotations').key(accountAnnotation), ''));
  },
  'kubernetes.io/dockercfg': needsJson('.dockercfg'),
  'kubernetes.io/dockerconfigjson': needsJson('.dockerconfigjson'),
  'kubernetes.io/basic-auth': ({ data }, errors) => {
    if (data?.username !== undefined || data?.password !== undefined) return;
    errors.push(required(dataPath.key('username'), ''), required(dataPath.key('password'), ''));
  },
  'kubernetes.io/ssh-auth': ({ data }, errors) => {
    const key = 'ssh-privatekey';
    if (!data?.[key]) errors.push(required(dataPath.key(key), ''));
  },
  'kubernetes.io/tls': ({ data }, errors) => {
    for (const key of ['tls.crt', 'tls.key']) {
      if (data?.[key] === undefined) errors.push(required(dataPath.key(key), ''));
    }
  },
};

function needsJson(key: string): TypeCheck {
  return ({ data }, errors) => {
    const value = data?.[key];
    if (value === undefined) {
      errors.push(required(dataPath.key(key), ''));
      return;
    }
    const problem = jsonProblem(Buffer.from(value, 'base64').toString());
    if (problem === undefined) return;
    errors.push(invalidValue(dataPath.key(key), '<secret contents redacted>', problem));
  };
}

/** Why a text is no JSON object; says nothing of what is in it. */
function jsonProblem(text: string): string | undefined {
  if (text.trim() === '') return 'unexpected end of JSON input';
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && !Array.isArray(value);
    return isObject ? undefined : 'must be a JSON object';
  } catch {
    return 'must be valid JSON';
  }
}

function checkSecret(secret: Secret, errors: FieldErrors): void {
  checkDataKeys(secret.data, dataPath, errors);
  const sizes = Object.values(secret.data ?? {}).map(decodedLength);
  const size = sizes.reduce((sum, length) => sum + length, 0);
  if (size > dataSizeMax) errors.push(tooLong(dataPath, '', dataSizeMax));
  const { type = '' } = secret;
  if (Object.hasOwn(typeChecks, type)) typeChecks[type]?.(secret, errors);
}

/** The rules of Secrets. */
export const secretKind = coreKind<Secret>('Secret', {
  setDefaults: setSecretDefaults,
  validateCreate: (secret) => {
    const errors: FieldError[] = [];
    checkSecret(secret, errors);
    return errors;
  },
  validateUpdate: (secret, old) => {
    const errors = validateImmutable(secret.type, old.type, fieldPath('type'));
    checkStaysImmutable(secret, old, ['data'], errors);
    checkSecret(secret, errors);
    return errors;
  },
  selectableFields: { type: ({ type }) => type ?? '' },
  countsGeneration: false,
  table: {
    columns: [
      nameColumn,
      column('Type', 'What the data is for.'),
      column('Data', 'How many entries there are.'),
      ageColumn,
    ],
    cells: ({ metadata, type, data }, nowMs) => [
      metadata.name ?? '',
      type ?? '',
      Object.keys(data ?? {}).length,
      ageOf(metadata.creationTimestamp, nowMs),
    ],
  },
});
