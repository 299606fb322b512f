/**
 * Objects of named types, as `Object.spec{replicas: 1}`, in the words of the grammar: a call with the name and a map, as
 * `__object__("Object.spec", {"replicas": 1})`. Texts are left as they are.
 */
export function withoutStructLiterals(text: string): string {
  if (!/[\w)]\s*\{/.test(text)) return text;
  const output: string[] = [];
  /** What each open brace or bracket is: of an object, or anything else. */
  const open: ('object' | 'other')[] = [];
  const tokens = text.match(tokenPattern) ?? [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as string;
    if (isPath(token) && nextToken(tokens, at) === '{') {
      at = indexOfNext(tokens, at);
      open.push('object');
      output.push(`__object__(${JSON.stringify(token)}, {`);
    } else if (token === '{' || token === '[' || token === '(') {
      open.push('other');
      output.push(token);
    } else if (token === '}' || token === ']' || token === ')') {
      output.push(open.pop() === 'object' ? '})' : token);
    } else if (
      open.at(-1) === 'object' &&
      isPath(token) &&
      nextToken(tokens, at) === ':' &&
      startsField(output)
    ) {
      output.push(JSON.stringify(token));
    } else output.push(token);
  }
  return output.join('');
}

const tokenPattern =
  /[rRbB]{0,2}(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*|\s+|[\s\S]/g;

function isPath(token: string): boolean {
  return /^[A-Za-z_][\w.]*$/.test(token) && token !== 'in';
}

function indexOfNext(tokens: readonly string[], at: number): number {
  let next = at + 1;
  while (/^\s+$/.test(tokens[next] ?? '')) next += 1;
  return next;
}

function nextToken(tokens: readonly string[], at: number): string | undefined {
  return tokens[indexOfNext(tokens, at)];
}

/** After the beginning of an object or a comma. */
function startsField(output: readonly string[]): boolean {
  const before = output.join('').trimEnd();
  return before.endsWith('{') || before.endsWith(',');
}
