import { useMemo, useRef } from 'preact/hooks';
import { formatBytes } from '../../../model/age.js';
import type { MemberRow, StoreStatus } from '../../../model/store-documents.js';
import { leaderOf, memberRole, storeRevision } from '../../../model/store-health.js';
import { TimeSeries } from '../../../model/time-series.js';
import { Badge } from '../../components/badge.js';
import { Chart } from '../../components/chart.js';
import { type Column, DataTable } from '../../components/data-table.js';
import { Problem } from '../../components/problem.js';
import { usePolled, useSession } from '../../hooks.js';

const pollMs = 2000;
const pointsMax = 300;

/** The members of the store, asked every two seconds, and how much is written. */
export function Members() {
  const { value, problem } = useStoreStatus();
  const columns = useMemo(() => columnsOf(value), [value]);
  return (
    <>
      <Problem problem={problem} />
      {value?.alarms.map(({ member, alarm }) => (
        <p key={member + alarm} class="problem" role="alert">
          Alarm {alarm} of member {member}
        </p>
      ))}
      <DataTable
        label="Members"
        columns={columns}
        rows={value?.members ?? []}
        keyOf={({ id }) => id}
        isComplete={value !== null || problem !== null}
        isCompact
      />
      <Writes status={value} />
    </>
  );
}

/** What the store says of itself, again and again. */
export function useStoreStatus() {
  const { api } = useSession();
  return usePolled('store', pollMs, (signal) =>
    api.json<StoreStatus>('/flotilla/store/status', { signal }),
  );
}

function columnsOf(status: StoreStatus | null): Column<MemberRow>[] {
  const leader = status === null ? undefined : leaderOf(status);
  const lead = Number(leader?.state?.index ?? 0);
  const number = (name: string, read: (state: NonNullable<MemberRow['state']>) => string) => ({
    ...{ name, weight: 2 },
    value: ({ state }: MemberRow) => (state === null ? '' : Number(read(state))),
  });
  const bytes = (name: string, read: (state: NonNullable<MemberRow['state']>) => string) => ({
    ...number(name, read),
    cell: ({ state }: MemberRow) => (state === null ? '' : formatBytes(Number(read(state)))),
  });
  return [
    { name: 'Name', weight: 2, value: ({ name }) => name },
    { name: 'Id', weight: 3, value: ({ id }) => id },
    {
      name: 'Role',
      weight: 2,
      value: memberRole,
      cell: (row) => <Badge text={memberRole(row)} tone={row.state === null ? 'bad' : 'good'} />,
    },
    number('Term', ({ term }) => term),
    number('Revision', ({ revision }) => revision),
    number('Index', ({ index }) => index),
    number('Lag', ({ appliedIndex }) => String(Math.max(0, lead - Number(appliedIndex)))),
    bytes('Size', ({ sizeBytes }) => sizeBytes),
    bytes('In use', ({ sizeInUseBytes }) => sizeInUseBytes),
    { name: 'Version', weight: 2, value: ({ state }) => state?.version ?? '' },
    {
      name: 'Problem',
      weight: 4,
      value: ({ problem, state }) =>
        [problem, ...(state?.problems ?? [])].filter(Boolean).join('; '),
    },
  ];
}

/** Revisions a second, since the view was opened. */
function Writes({ status }: { readonly status: StoreStatus | null }) {
  const series = useRef(new TimeSeries(['revisions'], pointsMax));
  const last = useRef<{
    readonly status: StoreStatus;
    readonly revision: number;
    readonly atMs: number;
  } | null>(null);
  if (status !== null && status !== last.current?.status) {
    const [revision, atMs] = [storeRevision(status), Date.now()];
    const before = last.current;
    if (before !== null && atMs > before.atMs) {
      const rate = Math.max(0, (1000 * (revision - before.revision)) / (atMs - before.atMs));
      series.current.add(atMs, [rate]);
    }
    last.current = { status, revision, atMs };
  }
  return (
    <Chart
      title="Revisions per second"
      series={series.current}
      version={series.current.length}
      unit="/s"
    />
  );
}
