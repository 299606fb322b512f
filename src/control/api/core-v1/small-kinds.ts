import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, notSupported, required } from '../../machinery/field-path.js';
import type { Binding, ComponentStatus } from '../gen/core-v1.js';
import { coreKind } from './core-kind.js';
import { column, nameColumn } from './table.js';

/** What binds a pod to a node: the target is a node that is named. */
export function validateBinding({ target }: Binding): FieldError[] {
  const errors: FieldError[] = [];
  const { kind = '', name = '' } = target ?? {};
  if (kind !== '' && kind !== 'Node') {
    errors.push(notSupported(fieldPath('target', 'kind'), kind, ['Node', '<empty>']));
  }
  if (name === '') errors.push(required(fieldPath('target', 'name'), ''));
  return errors;
}

/** The rules of Bindings. */
export const bindingKind = coreKind<Binding>('Binding', {
  validateCreate: validateBinding,
  countsGeneration: false,
});

/** The rules of ComponentStatuses, which are never written. */
export const componentStatusKind = coreKind<ComponentStatus>('ComponentStatus', {
  countsGeneration: false,
  table: {
    columns: [
      nameColumn,
      column('Status', 'Whether the component is healthy.'),
      column('Message', 'What it says of its health.'),
      column('Error', 'What is wrong with it.'),
    ],
    cells: ({ metadata, conditions }) => {
      const health = conditions?.find(({ type }) => type === 'Healthy');
      const word = health?.status === 'True' ? 'Healthy' : 'Unhealthy';
      return [
        metadata.name ?? '',
        health === undefined ? 'Unknown' : word,
        health?.message ?? '',
        health?.error ?? '',
      ];
    },
  },
});
