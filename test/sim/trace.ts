/**
 * The record of a run. Always a running hash of everything that happened (two runs of a seed must agree on it); with
 * a sink also one readable line per happening.
 */
export class Trace {
  #hash = 0x811c9dc5;
  readonly #sink: ((line: string) => void) | null;
  #now = 0;
  readonly #codes = new Map<string, number>();

  /** `sink` receives every line as it is made; without it nothing is formatted. */
  constructor(sink: ((line: string) => void) | null) {
    this.#sink = sink;
  }

  /** Hash of all events so far, as 8 hex digits. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  /** An event of the timeline begins. */
  event(time: number, owner: string, label: string): void {
    this.#now = time;
    this.mix(Math.floor(time * 1000) | 0);
    this.mix(this.#code(owner));
    this.mix(this.#code(label));
  }

  /** Something worth a line happened. `details` is only called when lines are wanted. */
  note(owner: string, what: string, details?: () => string): void {
    this.mix(this.#code(what));
    if (this.#sink === null) return;
    const time = (this.#now / 1000).toFixed(6).padStart(11);
    this.#sink(`${time} ${owner.padEnd(8)} ${what}${details === undefined ? '' : ` ${details()}`}`);
  }

  /** Folds a number into the hash. */
  mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ value, 0x01000193);
    this.#hash ^= this.#hash >>> 15;
  }

  #code(text: string): number {
    let code = this.#codes.get(text);
    if (code === undefined) {
      code = 17;
      for (let i = 0; i < text.length; i++) code = Math.imul(code, 31) + text.charCodeAt(i);
      this.#codes.set(text, code | 0);
    }
    return code;
  }
}
