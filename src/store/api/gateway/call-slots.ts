/** How many calls may be in progress at once; more wait for their turn, in order. */
export class CallSlots {
  readonly #countMax: number;
  #count = 0;
  readonly #waiting = new Set<() => void>();

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** Resolves with a slot, to be given back by calling what it resolves with. Rejects with the signal's reason when it is aborted. */
  async take(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) throw signal.reason;
    if (this.#count < this.#countMax) this.#count++;
    else await this.#turn(signal);
    return () => this.#giveBack();
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onTurn = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        this.#waiting.delete(onTurn);
        reject(signal.reason);
      };
      this.#waiting.add(onTurn);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** The slot goes to whoever has waited longest. */
  #giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#count--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
