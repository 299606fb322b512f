import { cloneJson } from '../../machinery/clone.js';
import type { FieldError } from '../../machinery/field-errors.js';
import type { CustomResourceDefinition } from '../gen/apiextensions-v1.js';
import type { KindDefinition, TableLayout } from '../kind-definition.js';
import { setDefinitionDefaults } from './defaults.js';
import { validateDefinition, validateDefinitionUpdate } from './validate-definition.js';

/** The group of CustomResourceDefinitions. */
export const apiextensionsGroup = 'apiextensions.k8s.io';

const table: TableLayout<CustomResourceDefinition> = {
  columns: [
    {
      name: 'Name',
      type: 'string',
      format: 'name',
      description: 'The name of the definition: the plural name and the group of what it defines.',
      priority: 0,
    },
    {
      name: 'Created At',
      type: 'date',
      description: 'When the definition was made, in RFC 3339 form and UTC.',
      priority: 0,
    },
  ],
  cells: ({ metadata }) => [metadata.name ?? '', metadata.creationTimestamp ?? ''],
};

/** The version in which objects are kept was at some time that one: it stays known until somebody says that none is left. */
function noteStoredVersion({ spec, status }: CustomResourceDefinition): string[] {
  const stored = [...(status?.storedVersions ?? [])];
  const name = spec?.versions?.find(({ storage }) => storage === true)?.name;
  if (name !== undefined && !stored.includes(name)) stored.push(name);
  return stored;
}

const definitionKind: KindDefinition<CustomResourceDefinition> = {
  of: { group: apiextensionsGroup, version: 'v1', kind: 'CustomResourceDefinition' },
  setDefaults: setDefinitionDefaults,
  prepareForCreate(definition) {
    definition.status = {
      conditions: [],
      acceptedNames: { plural: '', kind: '' },
      storedVersions: noteStoredVersion({ ...definition, status: {} }),
    };
  },
  prepareForUpdate(definition, old) {
    const status = cloneJson(old.status ?? {});
    definition.status = { ...status, storedVersions: noteStoredVersion({ ...definition, status }) };
  },
  validateCreate: (definition): readonly FieldError[] => validateDefinition(definition),
  validateUpdate: validateDefinitionUpdate,
  validateStatusUpdate: (definition): readonly FieldError[] => {
    const stored = validateDefinition(definition);
    return stored.filter(({ field }) => field.startsWith('status.'));
  },
  allowsUnconditionalUpdate: false,
  table,
};

/** The kinds of apiextensions.k8s.io/v1 with their rules. */
export const kinds: readonly KindDefinition[] = [definitionKind as unknown as KindDefinition];
