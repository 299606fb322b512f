import { parseJsonPath } from '../../api/apiextensions-v1/json-path.js';
import { ageOf } from '../../api/core-v1/table.js';
import type { CustomResourceColumnDefinition } from '../../api/gen/apiextensions-v1.js';
import type { TableColumn, TableLayout } from '../../api/kind-definition.js';
import type { JsonValue } from '../../machinery/json.js';
import { fieldsOf } from '../../machinery/object.js';
import { parseTime } from '../../machinery/time.js';

type Cell = string | number | boolean | null;
type ColumnType = TableColumn['type'];

const nameColumn: TableColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description:
    'Name must be unique within a namespace. It identifies the object; clients ask for it by this name.',
  priority: 0,
};

const age: CustomResourceColumnDefinition = {
  name: 'Age',
  type: 'date',
  description: 'When the object was created.',
  jsonPath: '.metadata.creationTimestamp',
};

/** The columns that a CustomResourceDefinition names; its objects' age when it names none. */
export function customTable(
  definitions: readonly CustomResourceColumnDefinition[] | undefined,
): TableLayout {
  const chosen = definitions === undefined || definitions.length === 0 ? [age] : definitions;
  const cells = chosen.map((definition) => cellOf(definition));
  return {
    columns: [nameColumn, ...chosen.map(columnOf)],
    cells: (object, nowMs) => [
      object.metadata.name ?? '',
      ...cells.map((cell) => cell(fieldsOf(object), nowMs)),
    ],
  };
}

function columnOf(definition: CustomResourceColumnDefinition): TableColumn {
  const { name = '', type = 'string', format = '', description = '', priority = 0 } = definition;
  return {
    name,
    type: type as ColumnType,
    ...(format === '' ? {} : { format }),
    description:
      description === ''
        ? `Custom resource definition column (in JSONPath format): ${definition.jsonPath ?? ''}`
        : description,
    priority,
  };
}

function cellOf({
  jsonPath = '',
  type,
}: CustomResourceColumnDefinition): (value: JsonValue, nowMs: number) => Cell {
  const path = parseJsonPath(jsonPath);
  return (object, nowMs) => {
    const found = path.find(object);
    const [first] = found;
    if (first === undefined || first === null) return null;
    if (type === 'string') return found.map(textOf).join(' ');
    if (type === 'date') return dateCell(first, nowMs);
    if (type === 'boolean') return typeof first === 'boolean' ? first : null;
    if (typeof first !== 'number') return null;
    return type === 'integer' ? Math.trunc(first) : first;
  };
}

function dateCell(value: JsonValue, nowMs: number): Cell {
  if (typeof value !== 'string') return '<invalid>';
  return parseTime(value) === null ? '<invalid>' : ageOf(value, nowMs);
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
