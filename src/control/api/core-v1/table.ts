import { humanDuration } from '../../machinery/duration.js';
import { parseTime } from '../../machinery/time.js';
import type { TableColumn } from '../kind-definition.js';

/** A column that is always shown, unless `priority` is 1. */
export function column(
  name: string,
  description: string,
  {
    type = 'string',
    priority = 0,
    format,
  }: Partial<Pick<TableColumn, 'type' | 'priority' | 'format'>> = {},
): TableColumn {
  return { name, type, description, priority, ...(format === undefined ? {} : { format }) };
}

/** A column that is shown with `-o wide` only. */
export function wideColumn(name: string, description: string): TableColumn {
  return column(name, description, { priority: 1 });
}

/** The name of the object. */
export const nameColumn: TableColumn = column('Name', 'The name of the object.', {
  format: 'name',
});

/** How long ago the object was made. */
export const ageColumn: TableColumn = column('Age', 'How long ago the object was created.');

/** How long ago a time was, as tables show it. */
export function ageOf(time: string | undefined, nowMs: number): string {
  const ms = time === undefined ? null : parseTime(time);
  return ms === null ? '<unknown>' : ageOfMs(ms, nowMs);
}

/** The same for a time in milliseconds since the epoch. */
export function ageOfMs(ms: number, nowMs: number): string {
  return humanDuration(nowMs - ms);
}

/** Labels, or a selector by labels, in one cell. */
export function labelsCell(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? '<none>' : pairs.join(',');
}

/** The names of containers, and those of their images, in one cell each. */
export function containerCells(
  containers: readonly { readonly name?: string; readonly image?: string }[] | undefined,
): [names: string, images: string] {
  const all = containers ?? [];
  return [
    all.map(({ name }) => name ?? '').join(','),
    all.map(({ image }) => image ?? '').join(','),
  ];
}

/** The columns of {@link containerCells}. */
export const containerColumns: readonly TableColumn[] = [
  wideColumn('Containers', 'The names of the containers.'),
  wideColumn('Images', 'The images of the containers.'),
];
