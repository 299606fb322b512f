import type { TableLayout } from '../../api/kind-definition.js';
import { formatTime } from '../../machinery/time.js';

/** How kinds are shown that say nothing about it: their name, and when they were made. */
export const defaultLayout: TableLayout = {
  columns: [
    {
      name: 'Name',
      type: 'string',
      format: 'name',
      description:
        'Name must be unique within a namespace. It identifies the object; clients ask for it by this name.',
      priority: 0,
    },
    {
      name: 'Created At',
      type: 'date',
      description: 'When the server made the object, in RFC 3339 form and UTC.',
      priority: 0,
    },
  ],
  cells: ({ metadata }) => [metadata.name ?? '', metadata.creationTimestamp ?? formatTime(0)],
};
