/**
 * A conversation with a cluster through etcdctl. Words are separated by spaces; single quotes keep spaces together. In every
 * step `{P}` is a key prefix of this script's own, and `{name}` what an earlier step captured.
 */
export interface Script {
  readonly name: string;
  readonly steps: readonly (string | Step)[];
}

/** One etcdctl command, or one that keeps running while others run. */
export interface Step {
  /** The command without endpoints. */
  readonly run: string;
  /** Standard input; nothing when not given. */
  readonly stdin?: string;
  /** Keeps the first group of a pattern in the output under a name. */
  readonly capture?: { readonly name: string; readonly pattern: RegExp };
  /**
   * The command stays (a watch, a campaign): it is interrupted after as many lines. `first` lines are awaited before
   * `meanwhile` runs.
   */
  readonly background?: {
    readonly first: number;
    readonly meanwhile: readonly string[];
    readonly lines: number;
  };
  /** Repeats the command until its exit code is 0 and the output matches (what takes the cluster a moment). */
  readonly eventually?: RegExp;
}

/** What a script has captured so far, by name. */
export type Variables = ReadonlyMap<string, string>;

/** The words of a command with its variables filled in. */
export function wordsOf(command: string, variables: Variables): string[] {
  const words = command.match(/(?:[^\s']|'[^']*')+/g) ?? [];
  return words.map((word) => fill(word.replaceAll("'", ''), variables));
}

/** A text with its variables filled in. */
export function fill(text: string, variables: Variables): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => variables.get(name) ?? whole);
}

/** How many commands a script runs. */
export function commandCount(script: Script): number {
  const counts = script.steps.map((step) =>
    typeof step === 'string' ? 1 : 1 + (step.background?.meanwhile.length ?? 0),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
