import { deepEqual } from '../../machinery/deep-equal.js';
import type { FieldError } from '../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  fieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { dns1035LabelProblems, dnsSubdomainProblems } from '../../machinery/names.js';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
} from '../gen/apiextensions-v1.js';
import { isTrue } from './conditions.js';
import { conversionErrors } from './validate-conversion.js';
import { versionErrors } from './validate-version.js';

const specPath = fieldPath('spec');
const approvalAnnotation = 'api-approved.kubernetes.io';

/** What is wrong with a new CustomResourceDefinition. */
export function validateDefinition(definition: CustomResourceDefinition): FieldError[] {
  return [
    ...nameErrors(definition),
    ...specErrors(definition),
    ...approvalErrors(definition, undefined),
    ...storedVersionErrors(definition),
  ];
}

/** What is wrong with a changed one. Once established, its group, scope and names stay. */
export function validateDefinitionUpdate(
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition,
): FieldError[] {
  const errors = [
    ...nameErrors(definition),
    ...specErrors(definition),
    ...approvalErrors(definition, old),
    ...storedVersionErrors(definition),
  ];
  const [spec, before] = [definition.spec ?? {}, old.spec ?? {}];
  const immutable: (readonly [FieldPath, unknown, unknown])[] = [
    [specPath.child('group'), spec.group, before.group],
  ];
  if (isTrue(old, 'Established')) {
    immutable.push([specPath.child('scope'), spec.scope, before.scope]);
    immutable.push([specPath.child('names', 'kind'), spec.names?.kind, before.names?.kind]);
  }
  immutable.push([specPath.child('names', 'plural'), spec.names?.plural, before.names?.plural]);
  for (const [path, value, other] of immutable)
    if (!deepEqual(value, other)) errors.push(invalidValue(path, value, 'field is immutable'));
  return errors;
}

function nameErrors({ metadata, spec }: CustomResourceDefinition): FieldError[] {
  const wanted = `${spec?.names?.plural ?? ''}.${spec?.group ?? ''}`;
  if (metadata.name === wanted) return [];
  const text = 'must be spec.names.plural+"."+spec.group';
  return [invalidValue(fieldPath('metadata', 'name'), metadata.name ?? '', text)];
}

function specErrors({ spec = {} }: CustomResourceDefinition): FieldError[] {
  const errors: FieldError[] = [...groupErrors(spec.group ?? '')];
  const scope = spec.scope ?? '';
  const scopes = ['Cluster', 'Namespaced'];
  if (scope === '') errors.push(required(specPath.child('scope'), ''));
  else if (!scopes.includes(scope))
    errors.push(notSupported(specPath.child('scope'), scope, scopes));
  errors.push(...versionListErrors(spec));
  errors.push(...namesErrors(spec.names ?? {}, specPath.child('names')));
  errors.push(...conversionErrors(spec.conversion, specPath.child('conversion')));
  if (spec.preserveUnknownFields === true)
    errors.push(
      invalidValue(
        specPath.child('preserveUnknownFields'),
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    );
  return errors;
}

function groupErrors(group: string): FieldError[] {
  const path = specPath.child('group');
  if (group === '') return [required(path, '')];
  const problems = dnsSubdomainProblems(group);
  if (problems.length > 0) return [invalidValue(path, group, problems.join(','))];
  return group.includes('.')
    ? []
    : [invalidValue(path, group, 'should be a domain with at least one dot')];
}

function versionListErrors(spec: CustomResourceDefinitionSpec): FieldError[] {
  const path = specPath.child('versions');
  const versions = spec.versions ?? [];
  const errors: FieldError[] = [];
  if (versions.length === 0) return [required(path, 'must have at least one version')];
  versions.forEach((version, at) => {
    const problems = dns1035LabelProblems(version.name ?? '');
    if (problems.length > 0)
      errors.push(
        invalidValue(path.index(at).child('name'), version.name ?? '', problems.join(',')),
      );
    errors.push(...versionErrors(version, path.index(at)));
  });
  if (new Set(versions.map(({ name }) => name)).size < versions.length)
    errors.push(invalidValue(path, versions, 'must contain unique version names'));
  if (versions.filter(({ storage }) => storage === true).length !== 1)
    errors.push(
      invalidValue(path, versions, 'must have exactly one version marked as storage version'),
    );
  return errors;
}

function namesErrors(names: CustomResourceDefinitionNames, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const label = (value: string, at: FieldPath) => {
    const problems = dns1035LabelProblems(value);
    if (problems.length > 0) errors.push(invalidValue(at, value, problems.join(',')));
  };
  const kindName = (value: string, at: FieldPath) => {
    const problems = dns1035LabelProblems(value.toLowerCase());
    if (problems.length > 0) {
      const text = `may have mixed case, but should otherwise match: ${problems.join(',')}`;
      errors.push(invalidValue(at, value, text));
    }
  };
  for (const name of ['plural', 'singular', 'kind', 'listKind'] as const)
    if ((names[name] ?? '') === '') errors.push(required(path.child(name), ''));
  if ((names.plural ?? '') !== '') label(names.plural ?? '', path.child('plural'));
  if ((names.singular ?? '') !== '') label(names.singular ?? '', path.child('singular'));
  if ((names.kind ?? '') !== '') kindName(names.kind ?? '', path.child('kind'));
  if ((names.listKind ?? '') !== '') kindName(names.listKind ?? '', path.child('listKind'));
  (names.shortNames ?? []).forEach((name, at) => {
    label(name, path.child('shortNames').index(at));
  });
  (names.categories ?? []).forEach((name, at) => {
    label(name, path.child('categories').index(at));
  });
  if (names.kind !== undefined && names.kind === names.listKind)
    errors.push(
      invalidValue(path.child('listKind'), names.listKind, 'kind and listKind may not be the same'),
    );
  return errors;
}

/** Groups of Kubernetes' own need somebody's word that they may be used. */
function approvalErrors(
  { metadata, spec }: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  const group = spec?.group ?? '';
  if (!/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(group)) return [];
  const value = metadata.annotations?.[approvalAnnotation];
  const path = fieldPath('metadata', 'annotations').key(approvalAnnotation);
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
  if (old !== undefined && old.metadata.annotations?.[approvalAnnotation] === value) return [];
  if (value === undefined || value === '') {
    const text = `protected groups must have approval annotation ${JSON.stringify(approvalAnnotation)}, ${see}`;
    return [required(path, text)];
  }
  if (value.startsWith('unapproved') || URL.canParse(value)) return [];
  const text = `protected groups must have approval annotation ${JSON.stringify(approvalAnnotation)} with either a URL or a reason starting with "unapproved", ${see}`;
  return [invalidValue(path, value, text)];
}

function storedVersionErrors({ spec, status }: CustomResourceDefinition): FieldError[] {
  const path = fieldPath('status', 'storedVersions');
  const stored = status?.storedVersions ?? [];
  if (stored.length === 0)
    return [invalidValue(path, stored, 'must have at least one stored version')];
  const versions = spec?.versions ?? [];
  const errors = stored.flatMap((name, at) =>
    versions.some((version) => version.name === name)
      ? []
      : [
          invalidValue(
            path.index(at),
            name,
            `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
          ),
        ],
  );
  stored.forEach((name, at) => {
    if (stored.indexOf(name) < at) errors.push(duplicate(path.index(at), name));
  });
  return errors;
}
