import { useState } from 'preact/hooks';
import { isBuiltInGroup, type ServedKind } from '../../model/discovery.js';
import { linkToResource } from '../../model/page-route.js';
import { type Column, DataTable } from '../components/data-table.js';
import { useSession } from '../hooks.js';

const columns: readonly Column<ServedKind>[] = [
  {
    name: 'Kind',
    weight: 3,
    value: ({ kind }) => kind,
    cell: (kind) => <a href={linkToResource(kind)}>{kind.kind}</a>,
  },
  { name: 'Resource', weight: 3, value: ({ resource }) => resource },
  { name: 'Group', weight: 3, value: ({ group }) => group },
  { name: 'Version', weight: 1, value: ({ version }) => version },
  { name: 'Namespaced', weight: 1, value: ({ isNamespaced }) => (isNamespaced ? 'yes' : 'no') },
];

/** Everything that the API serves lists of; custom resources first. */
export function Kinds() {
  const { kinds } = useSession();
  const [filter, setFilter] = useState('');
  const listed = (kinds ?? []).filter(
    ({ verbs }) => verbs.includes('list') && verbs.includes('watch'),
  );
  const isCustom = ({ group }: ServedKind) => !isBuiltInGroup(group);
  const rows = [...listed.filter(isCustom), ...listed.filter((kind) => !isCustom(kind))];
  return (
    <section class="list" aria-label="All resources">
      <header class="list-header">
        <h1>All resources</h1>
        <input
          type="search"
          placeholder="Filter"
          aria-label="Filter resources"
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
      </header>
      <DataTable
        label="All resources"
        columns={columns}
        rows={rows}
        keyOf={linkToResource}
        filter={filter}
        isComplete={kinds !== null}
      />
    </section>
  );
}
