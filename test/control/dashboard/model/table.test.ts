import t from 'tap';
import { Collection } from '../../../../src/control/dashboard/model/collection.js';
import {
  cellOf,
  cellText,
  compareTexts,
  type TableColumn,
  tableReader,
} from '../../../../src/control/dashboard/model/table.js';

const columnDefinitions = [
  { name: 'Name', type: 'string', priority: 0 },
  { name: 'Status', type: 'string', priority: 0 },
];
const row = (name: string, status: string, extra: object = {}) => ({
  cells: [name, status],
  object: {
    metadata: { name, namespace: 'x', creationTimestamp: '2026-01-02T03:04:05Z', ...extra },
  },
});

t.test('tableReader reads rows, and remembers the columns that only the first Table names', (t) => {
  let columns: readonly TableColumn[] = [];
  const read = tableReader(
    (told) => {
      columns = told;
    },
    () => 42,
  );
  const [first] = read({ columnDefinitions, rows: [row('a', 'Running', { managedFields: [1] })] });
  t.equal(first?.[0], 'x/a');
  t.equal(first?.[1].createdMs, Date.UTC(2026, 0, 2, 3, 4, 5));
  t.equal(first?.[1].toldMs, 42);
  t.notOk('managedFields' in (first?.[1].metadata ?? {}));
  const [second] = read({ columnDefinitions: [], rows: [row('b', 'Pending')] });
  t.equal(cellOf(second![1], columns, 'Status'), 'Pending');
  t.equal(cellOf(second![1], columns, 'Nothing'), '');
  t.strictSame(read({ rows: [{ cells: [], object: { metadata: {} } }] }), [], 'of a bookmark');
  t.end();
});

t.test(
  'tables: a bookmark may be the first to name the columns, and its revision is in its row',
  (t) => {
    let columns: readonly TableColumn[] = [];
    const read = tableReader(
      (told) => {
        columns = told;
      },
      () => 0,
    );
    const collection = new Collection(read);
    const metadata = { resourceVersion: '9', annotations: { 'k8s.io/initial-events-end': 'true' } };
    collection.take({
      type: 'BOOKMARK',
      object: { kind: 'Table', columnDefinitions, rows: [{ cells: [], object: { metadata } }] },
    });
    t.equal(collection.isComplete, true);
    t.equal(collection.resourceVersion, '9');
    t.equal(columns.length, 2);
    t.strictSame([...collection.items], []);
    t.end();
  },
);

t.test('cellText and compareTexts', (t) => {
  t.equal(cellText(null), '');
  t.equal(cellText(3), '3');
  t.equal(cellText({ a: 1 }), '{"a":1}');
  t.strictSame(['web-10', 'web-9', 'Web-1'].sort(compareTexts), ['Web-1', 'web-9', 'web-10']);
  t.end();
});
