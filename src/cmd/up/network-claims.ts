import { type HeldName, holdName } from '../../host/held-name.js';

/**
 * Networks that this run of `flotilla up` has among all on this machine: between the choice of a network and the first route to it another one
 * could choose the same. They are the kernel's names, which go with the process; the routes of what it leaves running stay.
 */
export class NetworkClaims {
  readonly #held = new Map<string, HeldName>();

  /** Whether it is claimed now; false: another process has it. */
  async claim(cidr: string): Promise<boolean> {
    if (this.#held.has(cidr)) return true;
    const held = await holdName(`flotilla-network-${cidr}`);
    if (held === null) return false;
    this.#held.set(cidr, held);
    return true;
  }

  /** Gives all of them back. */
  async release(): Promise<void> {
    for (const [cidr, held] of this.#held) {
      this.#held.delete(cidr);
      await held.release();
    }
  }
}
