import type { ReadItems } from './collection.js';

/** A column of a Table. */
export interface TableColumn {
  readonly name: string;
  readonly type: string;
  /** 0 is always shown, more only where there is room. */
  readonly priority: number;
}

/** Metadata that a row comes with. */
export interface RowMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly uid: string;
    readonly controller?: boolean;
  }[];
}

/** A row of a Table: an object as the server prints it. */
export interface TableRow {
  readonly metadata: RowMetadata;
  readonly cells: readonly unknown[];
  /** Milliseconds since the epoch; 0 when it is not known. */
  readonly createdMs: number;
  /** When the row was told, in milliseconds since the epoch: ages in cells count from then. */
  readonly toldMs: number;
}

/** A Table document as far as the page looks. */
interface TableDocument {
  readonly columnDefinitions?: readonly TableColumn[];
  readonly rows?: readonly {
    readonly cells: readonly unknown[];
    readonly object?: { readonly metadata?: RowMetadata };
  }[];
}

/** Reads the rows of Tables; `onColumns` is told of columns whenever a Table names them, `wallTime` says when a row is read. */
export function tableReader(
  onColumns: (columns: readonly TableColumn[]) => void,
  wallTime: () => number,
): ReadItems<TableRow> {
  return (object) => {
    const { columnDefinitions = [], rows = [] } = object as TableDocument;
    if (columnDefinitions.length > 0) onColumns(columnDefinitions);
    return rows.flatMap(({ cells, object: partial }) => {
      const metadata = partial?.metadata;
      if (metadata?.name === undefined) return [];
      const row = {
        metadata: withoutManagedFields(metadata),
        cells,
        createdMs: timeOf(metadata),
        toldMs: wallTime(),
      };
      return [[rowKey(metadata), row] as const];
    });
  };
}

/** Names a row among those of its resource. */
export function rowKey({ namespace = '', name }: RowMetadata): string {
  return `${namespace}/${name}`;
}

/** The cell of a named column; '' when there is none. */
export function cellOf(row: TableRow, columns: readonly TableColumn[], name: string): string {
  const at = columns.findIndex((column) => column.name === name);
  return at < 0 ? '' : cellText(row.cells[at]);
}

/** A cell as text. */
export function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Orders texts as people do: numbers in them count as numbers. */
export function compareTexts(a: string, b: string): number {
  return collator.compare(a, b);
}

function withoutManagedFields(metadata: RowMetadata): RowMetadata {
  const { managedFields: _, ...rest } = metadata as RowMetadata & { managedFields?: unknown };
  return rest;
}

function timeOf({ creationTimestamp = '' }: RowMetadata): number {
  const time = Date.parse(creationTimestamp);
  return Number.isNaN(time) ? 0 : time;
}
