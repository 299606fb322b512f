import { quote } from '../quote.js';
import type { StatusCause, StatusError } from '../status.js';
import { applyConflict } from '../status-errors.js';
import type { Manager } from './managers.js';
import type { Conflict } from './object-change.js';
import { pathText } from './path-element.js';

/** 409: an apply would change fields that others own. kubectl shows these texts and reads the causes. */
export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const causes = conflicts.flatMap(causesOf);
  const [first] = causes;
  if (causes.length === 1 && first !== undefined) {
    return applyConflict(causes, `Apply failed with 1 conflict: ${first.message}: ${first.field}`);
  }
  const lines = conflicts.flatMap(({ manager, fields }) => [
    `conflicts with ${managerText(manager)}:`,
    ...[...fields.paths()].map((path) => `- ${pathText(path)}`),
  ]);
  return applyConflict(causes, `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`);
}

function causesOf({ manager, fields }: Conflict): StatusCause[] {
  const message = `conflict with ${managerText(manager)}`;
  return [...fields.paths()].map((path) => ({
    reason: 'FieldManagerConflict',
    message,
    field: pathText(path),
  }));
}

/** `"kubectl-client-side-apply" using apps/v1`; who applies is named without the version. */
function managerText({ name, operation, apiVersion, subresource }: Manager): string {
  const who =
    subresource === '' ? quote(name) : `${quote(name)} with subresource ${quote(subresource)}`;
  return operation === 'Update' ? `${who} using ${apiVersion}` : who;
}
