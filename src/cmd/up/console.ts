/** Lines for people: coloured on a terminal (unless NO_COLOR is set), plain elsewhere. */
export interface Console {
  /** What goes on. */
  line(text: string): void;
  /** Something that was waited for is there. */
  good(text: string): void;
  /** Something that the reader should know of. */
  bad(text: string): void;
}

const green = 32;
const yellow = 33;

/** Writes to a stream such as standard output. */
export function createConsole(
  stream: { write(text: string): unknown; readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Console {
  const hasColour = stream.isTTY === true && (env.NO_COLOR ?? '') === '';
  const paint = (text: string, colour: number) =>
    hasColour ? `\u001b[${colour}m${text}\u001b[0m` : text;
  return {
    line: (text) => stream.write(`${text}\n`),
    good: (text) => stream.write(`${paint(text, green)}\n`),
    bad: (text) => stream.write(`${paint(text, yellow)}\n`),
  };
}
