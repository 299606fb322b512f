/**
 * What the index knows of one key: its newest version, and the older ones since the last compaction that deleted any.
 * There is one of these per key, so it is a plain object of small numbers; the list of older versions exists only while
 * there are any.
 *
 * A version is known by its position: 0 is the oldest kept, `newest` the current one.
 */
export class KeyEntry {
  /** Revision of the newest version. */
  main: number;
  sub: number;
  /** Revision of the put that created the key; 0 while it is deleted. */
  create: number;
  /** Puts since then; 0 while the key is deleted (its newest version is a tombstone). */
  version: number;
  /** Lease of the newest version; 0n for none. */
  lease: bigint;
  /** main and sub of every older version, oldest first, flat. A tombstone's sub is -1 - sub. */
  #older: number[] | null = null;

  /**
   * A key's first version, change `sub` of revision `main`. `create` and `version` are 0 for a tombstone (whose put was
   * compacted away).
   */
  constructor(main: number, sub: number, create: number, version: number, lease: bigint) {
    this.main = main;
    this.sub = sub;
    this.create = create;
    this.version = version;
    this.lease = lease;
  }

  /** The key exists. */
  get isLive(): boolean {
    return this.version !== 0;
  }

  /** Position of the current version. */
  get newest(): number {
    return this.#older === null ? 0 : this.#older.length / 2;
  }

  /** Appends a version; it is newer than all before. */
  append(main: number, sub: number, create: number, version: number, lease: bigint): void {
    const oldSub = this.version === 0 ? -1 - this.sub : this.sub;
    // A literal has no room to spare: most keys that change at all change once between compactions.
    if (this.#older === null) this.#older = [this.main, oldSub];
    else this.#older.push(this.main, oldSub);
    this.main = main;
    this.sub = sub;
    this.create = create;
    this.version = version;
    this.lease = lease;
  }

  /** Position of the newest version with main <= `revision`; -1 when there is none. */
  at(revision: number): number {
    if (this.main <= revision) return this.newest;
    const older = this.#older;
    if (older === null) return -1;
    let low = 0;
    let high = older.length / 2;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((older[2 * middle] as number) <= revision) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  mainAt(position: number): number {
    return position === this.newest
      ? this.main
      : ((this.#older as number[])[2 * position] as number);
  }

  subAt(position: number): number {
    if (position === this.newest) return this.sub;
    const sub = (this.#older as number[])[2 * position + 1] as number;
    return sub < 0 ? -1 - sub : sub;
  }

  isTombstoneAt(position: number): boolean {
    if (position === this.newest) return this.version === 0;
    return ((this.#older as number[])[2 * position + 1] as number) < 0;
  }

  /**
   * Position of the oldest version that a compaction at `revision` keeps: the newest one at or before it, unless that is a
   * tombstone of an earlier revision; then the one after it. May be `newest` + 1: nothing is kept.
   */
  firstKept(revision: number): number {
    const position = this.at(revision);
    if (position < 0) return 0;
    const isSpent = this.isTombstoneAt(position) && this.mainAt(position) !== revision;
    return isSpent ? position + 1 : position;
  }

  /** Forgets the versions before `position`, at most all older ones. */
  dropBefore(position: number): void {
    const older = this.#older;
    if (older === null || position <= 0) return;
    // A new array: the old one keeps the memory of its greatest length.
    this.#older = 2 * position >= older.length ? null : older.slice(2 * position);
  }

  /** True when there is nothing that any compaction could ever drop. */
  get isSettled(): boolean {
    return this.#older === null && this.version !== 0;
  }
}

/** Where in the history a change is: revision, and place among the changes of that revision. */
export interface Revision {
  readonly main: number;
  readonly sub: number;
}
