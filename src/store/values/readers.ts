/** Something to be done once readers that were there before are gone. */
interface CleanUp {
  readonly readers: Set<object>;
  readonly run: () => Promise<void>;
}

/** Who reads at present, so that what they may still come to is not taken away. */
export class Readers {
  readonly #present = new Set<object>();
  #waiting: CleanUp[] = [];
  #cleanUps: Promise<void> = Promise.resolve();

  /** A reader begins; it calls the result once, when it is done. */
  begin(): () => void {
    const reader = {};
    this.#present.add(reader);
    return () => this.#end(reader);
  }

  /** Runs `cleanUp` when all who read now are done. */
  afterThese(cleanUp: () => Promise<void>): void {
    const waiting = { readers: new Set(this.#present), run: cleanUp };
    if (waiting.readers.size === 0) this.#start(cleanUp);
    else this.#waiting.push(waiting);
  }

  /** Settles as those clean-ups do that were started so far: rejects when one has failed. */
  get cleanUps(): Promise<void> {
    return this.#cleanUps;
  }

  #end(reader: object): void {
    this.#present.delete(reader);
    for (const { readers } of this.#waiting) readers.delete(reader);
    const due = this.#waiting.filter(({ readers }) => readers.size === 0);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter(({ readers }) => readers.size > 0);
    for (const { run } of due) this.#start(run);
  }

  #start(cleanUp: () => Promise<void>): void {
    this.#cleanUps = this.#cleanUps.then(cleanUp);
    // Whoever awaits them next sees the failure.
    this.#cleanUps.catch(() => {});
  }
}
