import type { IntervalReport } from './report.js';
import { formatInterval } from './report-text.js';

/** Where progress is written: a terminal shows one line that changes, anything else gets a line each time. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Shows how a run goes. */
export class Progress {
  readonly #stream: ProgressStream;
  #isLineOpen = false;

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  step(text: string): void {
    this.#line(text);
  }

  interval(interval: IntervalReport): void {
    this.#line(formatInterval(interval));
  }

  /** Goes on to a new line. */
  end(): void {
    if (this.#isLineOpen) this.#stream.write('\n');
    this.#isLineOpen = false;
  }

  #line(text: string): void {
    if (this.#stream.isTTY !== true) {
      this.#stream.write(`${text}\n`);
      return;
    }
    // Back to the beginning, and clear what the last line left.
    this.#stream.write(`\r${text}\u001b[K`);
    this.#isLineOpen = true;
  }
}
