import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { rowsInSight } from '../../model/row-window.js';
import { compareTexts } from '../../model/table.js';

/** A column of a {@link DataTable}. */
export interface Column<Row> {
  readonly name: string;
  /** Its share of the width. */
  readonly weight: number;
  /** By what rows are ordered and searched; numbers are ordered as such. */
  value(row: Row): string | number;
  /** Default: the value as text. */
  cell?(row: Row): ComponentChildren;
}

/** Height of a row in pixels; the stylesheet says the same. */
const rowHeight = 30;
const spareRows = 20;

/** What rows are ordered by. */
export interface Order {
  readonly column: string;
  readonly isDescending: boolean;
}

/** A table of any length: only the rows in sight are drawn. Ordered by its headers, narrowed by `filter`. */
export function DataTable<Row>(props: {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** Rows without this text, in any case, are left out. */
  readonly filter?: string;
  readonly isComplete?: boolean;
  /** How rows are ordered before somebody says otherwise. Default: as they are given. */
  readonly order?: Order;
  /** Fewer rows than fit take no more room than they need. */
  readonly isCompact?: boolean;
}) {
  const { label, columns, rows, keyOf, filter = '', isComplete = true } = props;
  const [order, setOrder] = useState<Order | null>(props.order ?? null);
  const shown = useMemo(
    () => ordered(filtered(rows, columns, filter), columns, order),
    [rows, columns, filter, order],
  );
  const view = useRef<HTMLElement>(null);
  const { scrollTop, viewHeight, onScroll } = useScrolling(view);
  const { first, end } = rowsInSight({
    scrollTop,
    viewHeight,
    rowHeight,
    rowCount: shown.length,
    spareRows,
  });
  const total = columns.reduce((sum, { weight }) => sum + weight, 0);
  return (
    <section
      class={`table-view ${props.isCompact === true ? 'compact' : ''}`}
      aria-label={`${label}, rows`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must scroll by keys, too.
      tabIndex={0}
      ref={view}
      onScroll={onScroll}
    >
      <table class="data" aria-label={label} aria-rowcount={shown.length + 1}>
        <colgroup>
          {columns.map(({ name, weight }) => (
            <col key={name} style={{ width: `${(100 * weight) / total}%` }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <Header key={column.name} name={column.name} order={order} onOrder={setOrder} />
            ))}
          </tr>
        </thead>
        <tbody>
          <Spacer rows={first} />
          {shown.slice(first, end).map((row, at) => (
            <tr key={keyOf(row)} aria-rowindex={first + at + 2}>
              {columns.map((column) => (
                <td key={column.name}>{column.cell?.(row) ?? String(column.value(row))}</td>
              ))}
            </tr>
          ))}
          <Spacer rows={shown.length - end} />
        </tbody>
      </table>
      {shown.length === 0 && <p class="empty">{isComplete ? 'Nothing here.' : 'Loading…'}</p>}
    </section>
  );
}

function Header(props: {
  readonly name: string;
  readonly order: Order | null;
  readonly onOrder: (order: Order | null) => void;
}) {
  const { name, order, onOrder } = props;
  const isOwn = order?.column === name;
  const direction = !isOwn ? 'none' : order.isDescending ? 'descending' : 'ascending';
  const next = !isOwn
    ? { column: name, isDescending: false }
    : order.isDescending
      ? null
      : { column: name, isDescending: true };
  return (
    <th scope="col" aria-sort={direction}>
      <button type="button" class="header-button" onClick={() => onOrder(next)}>
        {name}
        <span aria-hidden="true">{isOwn ? (order.isDescending ? ' ▾' : ' ▴') : ''}</span>
      </button>
    </th>
  );
}

function Spacer({ rows }: { readonly rows: number }) {
  if (rows <= 0) return null;
  return <tr style={{ height: `${rows * rowHeight}px` }} />;
}

function useScrolling(view: { readonly current: HTMLElement | null }) {
  const [scrollTop, setScrollTop] = useState(0);
  const [viewHeight, setViewHeight] = useState(800);
  useEffect(() => {
    const element = view.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setViewHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, [view]);
  const onScroll = () => setScrollTop(view.current?.scrollTop ?? 0);
  return { scrollTop, viewHeight, onScroll };
}

function filtered<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  filter: string,
): readonly Row[] {
  const wanted = filter.trim().toLowerCase();
  if (wanted === '') return rows;
  return rows.filter((row) =>
    columns.some((column) => String(column.value(row)).toLowerCase().includes(wanted)),
  );
}

function ordered<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  order: Order | null,
): readonly Row[] {
  const column = columns.find(({ name }) => name === order?.column);
  if (order === null || column === undefined) return rows;
  const sign = order.isDescending ? -1 : 1;
  const keyed = rows.map((row) => ({ row, value: column.value(row) }));
  keyed.sort((a, b) => sign * compareValues(a.value, b.value));
  return keyed.map(({ row }) => row);
}

function compareValues(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return compareTexts(String(a), String(b));
}
