import type { LeaseList, LeaseRow } from '../../../model/store-documents.js';
import { type Column, DataTable } from '../../components/data-table.js';
import { Problem } from '../../components/problem.js';
import { usePolled, useSession } from '../../hooks.js';

const pollMs = 5000;

const columns: readonly Column<LeaseRow>[] = [
  { name: 'Id', weight: 2, value: ({ id }) => id },
  { name: 'Seconds left', weight: 1, value: ({ ttlSeconds }) => Number(ttlSeconds) },
  { name: 'Granted for', weight: 1, value: ({ grantedSeconds }) => Number(grantedSeconds) },
  { name: 'Keys', weight: 1, value: ({ keyCount }) => keyCount },
  { name: 'First keys', weight: 6, value: ({ keys }) => keys.join(' ') },
];

/** The leases of the store, and what hangs on them. */
export function Leases() {
  const { api } = useSession();
  const { value, problem } = usePolled('leases', pollMs, (signal) =>
    api.json<LeaseList>('/flotilla/store/leases', { signal }),
  );
  const leases = value?.leases ?? [];
  return (
    <>
      <Problem problem={problem} />
      {value !== null && value.count > leases.length && (
        <p class="hint">
          {leases.length} of {value.count} leases.
        </p>
      )}
      <DataTable
        label="Leases"
        columns={columns}
        rows={leases}
        keyOf={({ id }) => id}
        isComplete={value !== null || problem !== null}
      />
    </>
  );
}
