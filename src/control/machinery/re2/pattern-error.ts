/** A text that is no regular expression, in Go's words. */
export class PatternError extends Error {
  override readonly name = 'PatternError';

  /** `part` is what of the text is wrong. */
  constructor(why: string, part: string) {
    super(`error parsing regexp: ${why}: \`${part}\``);
  }
}
