import { useMemo, useState } from 'preact/hooks';
import { parseAge } from '../../model/age.js';
import { linkToObject, type ResourceName } from '../../model/page-route.js';
import { cellText, rowKey, type TableColumn, type TableRow } from '../../model/table.js';
import { Age } from '../components/age.js';
import { Badge } from '../components/badge.js';
import { type Column, DataTable, type Order } from '../components/data-table.js';
import { Problem } from '../components/problem.js';
import { useNow, useTable } from '../hooks.js';

/** The column that events are ordered by. */
const lastSeen = 'Last Seen';
const latestFirst: Order = { column: lastSeen, isDescending: false };
/** Columns whose cells say how something is. */
const statusColumns: ReadonlySet<string> = new Set(['Status', 'Phase', 'Type']);

/** What is listed. */
export interface ResourceListProps {
  readonly title: string;
  readonly resource: ResourceName;
  readonly isNamespaced: boolean;
  /** '' is all namespaces. */
  readonly namespace: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** It is part of another view. */
  readonly isCompact?: boolean;
}

/** Any resource as a live table, with the columns that the server prints it with. */
export function ResourceList(props: ResourceListProps) {
  const { title, resource, isNamespaced, isCompact = false } = props;
  const namespace = isNamespaced ? props.namespace : '';
  const [filter, setFilter] = useState('');
  const [isWide, setWide] = useState(false);
  const nowMs = useNow(5000);
  const { rows, columns, isComplete, problem } = useRows({ ...props, namespace });
  const shown = useMemo(
    () =>
      columnsOf({
        columns,
        resource,
        isWide,
        nowMs,
        hasNamespaces: isNamespaced && namespace === '',
      }),
    [columns, resource, isWide, nowMs, isNamespaced, namespace],
  );
  return (
    <section class={isCompact ? 'list compact' : 'list'} aria-label={title}>
      <header class="list-header">
        <h1>{title}</h1>
        <span class="count" aria-live="polite">
          {rows.length}
          {isComplete ? '' : '…'}
        </span>
        <input
          type="search"
          placeholder="Filter"
          aria-label={`Filter ${title}`}
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
        <label>
          <input type="checkbox" checked={isWide} onChange={() => setWide(!isWide)} /> all columns
        </label>
      </header>
      <Problem problem={problem} />
      <DataTable
        label={title}
        columns={shown}
        rows={rows}
        keyOf={(row) => row.metadata.uid ?? rowKey(row.metadata)}
        filter={filter}
        isComplete={isComplete || problem !== null}
        isCompact={isCompact}
        order={latestFirst}
      />
    </section>
  );
}

function useRows(props: ResourceListProps) {
  const { resource, namespace, labelSelector, fieldSelector } = props;
  const { items, ...rest } = useTable({
    ...{ resource, namespace },
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  });
  return { rows: items, ...rest };
}

function columnsOf(options: {
  readonly columns: readonly TableColumn[];
  readonly resource: ResourceName;
  readonly isWide: boolean;
  readonly hasNamespaces: boolean;
  readonly nowMs: number;
}): Column<TableRow>[] {
  const { columns, resource, isWide, hasNamespaces, nowMs } = options;
  const shown: Column<TableRow>[] = [];
  if (hasNamespaces && columns.length > 0) {
    shown.push({ name: 'Namespace', weight: 2, value: ({ metadata }) => metadata.namespace ?? '' });
  }
  const hasName = columns.some(({ name }) => name === 'Name');
  if (!hasName && columns.length > 0) shown.push(nameColumn(resource));
  for (const [at, { name, priority }] of columns.entries()) {
    if (priority > 0 && !isWide) continue;
    if (name === 'Name') shown.push(nameColumn(resource));
    else if (name === 'Age') shown.push(ageColumn(nowMs));
    else if (name === lastSeen) shown.push(lastSeenColumn(at, nowMs));
    else shown.push(plainColumn(name, at));
  }
  return shown;
}

function nameColumn(resource: ResourceName): Column<TableRow> {
  return {
    name: 'Name',
    weight: 4,
    value: ({ metadata }) => metadata.name,
    cell: ({ metadata }) => {
      const { name, namespace = '' } = metadata;
      return <a href={linkToObject({ ...resource, namespace, name })}>{name}</a>;
    },
  };
}

function ageColumn(nowMs: number): Column<TableRow> {
  return {
    name: 'Age',
    weight: 1,
    value: ({ createdMs }) => -createdMs,
    cell: ({ createdMs }) => <Age fromMs={createdMs} nowMs={nowMs} />,
  };
}

/** The server says how long ago it was when it told of it: that goes on. */
function lastSeenColumn(at: number, nowMs: number): Column<TableRow> {
  const fromMs = ({ cells, toldMs }: TableRow) => {
    const span = parseAge(cellText(cells[at]));
    return span === null ? 0 : toldMs - span;
  };
  return {
    name: lastSeen,
    weight: 2,
    value: (row) => -fromMs(row),
    cell: (row) => <Age fromMs={fromMs(row)} nowMs={nowMs} />,
  };
}

function plainColumn(name: string, at: number): Column<TableRow> {
  const isLong = name === 'Message' || name === 'Selector' || name === 'Images';
  return {
    name,
    weight: isLong ? 5 : 2,
    value: ({ cells }) => {
      const cell = cells[at];
      return typeof cell === 'number' ? cell : cellText(cell);
    },
    cell: ({ cells }) => {
      const text = cellText(cells[at]);
      return statusColumns.has(name) ? <Badge text={text} /> : <span title={text}>{text}</span>;
    },
  };
}
