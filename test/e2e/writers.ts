import { errorOf, RawClient } from './raw-client.js';

/** A write as its client saw it. */
export interface Write {
  readonly key: string;
  readonly value: string;
  /** The revision that the acknowledgement named; null when there was none, and nobody knows what happened. */
  revision: number | null;
}

/** A client that writes one key after another, never two at a time, and goes to the next member when a write fails. */
export class Writer {
  readonly name: string;
  /** Every write that was sent, in order. */
  readonly writes: Write[] = [];
  /** When acknowledgements arrived, in milliseconds of performance.now(). */
  readonly acknowledgedAt: number[] = [];
  /** What failed, by code and text. */
  readonly failures = new Map<string, number>();
  readonly #endpoints: readonly string[];
  readonly #deadlineMs: number;
  /** Index of the member in use. */
  #current = 0;
  #isStopped = false;
  #done: Promise<void> = Promise.resolve();

  constructor(options: {
    readonly name: string;
    /** The first is preferred: after each failure the client moves on to the next. */
    readonly endpoints: readonly string[];
    readonly deadlineMs: number;
  }) {
    this.name = options.name;
    this.#endpoints = options.endpoints;
    this.#deadlineMs = options.deadlineMs;
  }

  /** The member that the client prefers. */
  get home(): string {
    return this.#endpoints[0] ?? '';
  }

  start(): void {
    this.#done = this.#run();
  }

  /** Goes back to the preferred member with the next write. */
  goHome(): void {
    this.#current = 0;
  }

  /** Waits for the write under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  /**
   * The longest wait of this client after a moment: from the later of that moment and its last acknowledgement before to the
   * next acknowledgement, and between any two until `end`.
   */
  longestGapMs(from: number, end: number): number {
    const within = this.acknowledgedAt.filter((at) => at > from && at <= end);
    let previous = from;
    let longest = 0;
    for (const at of [...within, end]) {
      longest = Math.max(longest, at - previous);
      previous = at;
    }
    return longest;
  }

  async #run(): Promise<void> {
    const clients = this.#endpoints.map((endpoint) => new RawClient(endpoint));
    try {
      while (!this.#isStopped) {
        const client = clients[this.#current % clients.length];
        if (client === undefined) throw new Error('no endpoints');
        if (!(await this.#write(client))) this.#current++;
      }
    } finally {
      for (const client of clients) client.close();
    }
  }

  async #write(client: RawClient): Promise<boolean> {
    const count = this.writes.length;
    const write: Write = {
      key: `w/${this.name}/${String(count).padStart(7, '0')}`,
      value: `${this.name}:${count}`,
      revision: null,
    };
    this.writes.push(write);
    try {
      const { header } = await client.put(write.key, write.value, this.#deadlineMs);
      write.revision = header?.revision ?? 0;
      this.acknowledgedAt.push(performance.now());
      return true;
    } catch (error) {
      const { code, details } = errorOf(error);
      const text = `${code} ${details}`.replace(/\(.*\)|\d+\.\d+\.\d+\.\d+:\d+|\d+(\.\d+)?s/g, '*');
      this.failures.set(text, (this.failures.get(text) ?? 0) + 1);
      // A member that is down refuses at once; do not spin on it.
      await new Promise((resolve) => setTimeout(resolve, 5));
      return false;
    }
  }
}

/** What the store holds of a write. */
export interface Stored {
  readonly key: string;
  readonly value: string;
  readonly version: number;
  readonly modRevision: number;
}

/** What is wrong with what the store holds, given what was sent: one line each; none when all is well. */
export function findViolations(writes: Iterable<Write>, stored: Iterable<Stored>): string[] {
  const sent = new Map<string, Write>();
  for (const write of writes) sent.set(write.key, write);
  const violations: string[] = [];
  const present = new Set<string>();
  for (const { key, value, version, modRevision } of stored) {
    present.add(key);
    const write = sent.get(key);
    if (write === undefined) violations.push(`${key}: nobody wrote it`);
    else if (write.value !== value) violations.push(`${key}: holds ${value}, not ${write.value}`);
    else if (version !== 1) violations.push(`${key}: written once, applied ${version} times`);
    else if (write.revision !== null && write.revision !== modRevision) {
      violations.push(`${key}: acknowledged at ${write.revision}, stored at ${modRevision}`);
    }
  }
  for (const write of sent.values()) {
    if (write.revision !== null && !present.has(write.key)) {
      violations.push(`${write.key}: acknowledged at revision ${write.revision}, but lost`);
    }
  }
  return violations;
}
