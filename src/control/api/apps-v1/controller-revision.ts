import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, required } from '../../machinery/field-path.js';
import { validateImmutable } from '../../machinery/immutable.js';
import { checkNonNegative, type FieldErrors } from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type { ControllerRevision } from '../gen/apps-v1.js';
import { appsKind } from './apps-kind.js';

function validate({ data, revision }: ControllerRevision): FieldError[] {
  const errors: FieldErrors = [];
  if (data === undefined || data === null) {
    errors.push(required(fieldPath('data'), 'data is mandatory'));
  }
  checkNonNegative(revision, fieldPath('revision'), errors);
  return errors;
}

/** `statefulset.apps/web`: the controller that a revision belongs to. */
function controllerCell({ metadata }: ControllerRevision): string {
  const controller = metadata.ownerReferences?.find((owner) => owner.controller);
  if (controller === undefined) return '<none>';
  const { apiVersion = '', kind = '', name = '' } = controller;
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : `.${apiVersion.slice(0, slash)}`;
  return `${kind.toLowerCase()}${group}/${name}`;
}

/** The rules of ControllerRevisions: what a template was, for good. */
export const controllerRevisionKind = appsKind<ControllerRevision>('ControllerRevision', {
  countsGeneration: false,
  validateCreate: validate,
  validateUpdate: (object, old) => [
    ...validate(object),
    ...validateImmutable(object.data, old.data, fieldPath('data')),
  ],
  table: {
    columns: [
      nameColumn,
      column('Controller', 'What the revision belongs to.'),
      column('Revision', 'Which one it is.', { type: 'string' }),
      ageColumn,
    ],
    cells: (object, nowMs) => [
      object.metadata.name ?? '',
      controllerCell(object),
      object.revision ?? 0,
      ageOf(object.metadata.creationTimestamp, nowMs),
    ],
  },
});
