/** Where a list is scrolled to. All in pixels, but for the counts. */
export interface Scrolling {
  readonly scrollTop: number;
  readonly viewHeight: number;
  readonly rowHeight: number;
  readonly rowCount: number;
  /** Rows that are kept ready on either side. */
  readonly spareRows: number;
}

/** The rows to draw: `first` up to, not with, `end`. */
export interface RowWindow {
  readonly first: number;
  readonly end: number;
}

/** Which rows of a long list are in sight. */
export function rowsInSight(scrolling: Scrolling): RowWindow {
  const { scrollTop, viewHeight, rowHeight, rowCount, spareRows } = scrolling;
  const firstSeen = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const lastSeen = Math.ceil((Math.max(0, scrollTop) + viewHeight) / rowHeight);
  const end = Math.min(rowCount, lastSeen + spareRows);
  return { first: Math.max(0, Math.min(firstSeen - spareRows, end)), end };
}
