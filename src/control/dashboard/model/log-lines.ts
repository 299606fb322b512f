/** Escape sequences by which programs colour what they print, and move the cursor. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what they begin with.
const escapeSequence = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g;

/** The last lines of a log. */
export class LogLines {
  readonly #linesMax: number;
  #lines: string[] = [];
  #droppedCount = 0;

  constructor(linesMax: number) {
    this.#linesMax = linesMax;
  }

  /** How many older lines are not kept. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** Adds lines, as text without colours. */
  push(lines: readonly string[]): void {
    for (const line of lines) this.#lines.push(plainText(line));
    const excess = this.#lines.length - this.#linesMax;
    if (excess <= 0) return;
    this.#lines = this.#lines.slice(excess);
    this.#droppedCount += excess;
  }

  /** All that is kept, a line each. */
  text(): string {
    return this.#lines.join('\n');
  }
}

/** A line without escape sequences; what follows a carriage return is a line of its own. */
export function plainText(line: string): string {
  return line.replace(escapeSequence, '').replace(/\r$/, '').replaceAll('\r', '\n');
}
