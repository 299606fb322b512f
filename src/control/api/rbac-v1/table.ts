import { ageColumn, ageOf, column, nameColumn, wideColumn } from '../core-v1/table.js';
import type { Subject } from '../gen/rbac-v1.js';
import type { TableLayout } from '../kind-definition.js';
import type { Binding } from './bindings.js';

/** Bindings as `kubectl get` shows them: what they bind, and with `-o wide` to whom. */
export const bindingTable: TableLayout<Binding> = {
  columns: [
    nameColumn,
    column('Role', 'The role that is bound, and its kind.'),
    ageColumn,
    wideColumn('Users', 'The users that have the role.'),
    wideColumn('Groups', 'The groups that have the role.'),
    wideColumn('ServiceAccounts', 'The service accounts that have the role.'),
  ],
  cells({ metadata, roleRef, subjects }, nowMs) {
    return [
      metadata.name ?? '',
      `${roleRef?.kind ?? ''}/${roleRef?.name ?? ''}`,
      ageOf(metadata.creationTimestamp, nowMs),
      namesOf(subjects, 'User'),
      namesOf(subjects, 'Group'),
      namesOf(subjects, 'ServiceAccount'),
    ];
  },
};

function namesOf(subjects: readonly Subject[] | undefined, kind: string): string {
  return (subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map(({ name = '', namespace }) => (kind === 'ServiceAccount' ? `${namespace}/${name}` : name))
    .join(', ');
}
