/**
 * Puts values in the place of `$(NAME)`. `$$` is one dollar sign; a name that is not known stays as it is written, and so does what is not
 * closed. (Kubernetes, "dependent environment variables".)
 */
export function expand(text: string, known: (name: string) => string | undefined): string {
  let result = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (char !== '$' || at + 1 === text.length) {
      result += char;
      continue;
    }
    const next = text[at + 1];
    if (next === '$') {
      result += '$';
      at++;
    } else if (next === '(') {
      const end = text.indexOf(')', at);
      if (end < 0) {
        result += '$(';
        at++;
        continue;
      }
      const name = text.slice(at + 2, end);
      result += known(name) ?? `$(${name})`;
      at = end;
    } else result += char;
  }
  return result;
}
