/** Reads a file as text; rejects when it is not there. */
export type ReadText = (path: string) => Promise<string>;

/** Imports and exports at the beginning of a line, as tsc and bundlers write them, and dynamic imports of a literal. */
const importPattern =
  /^\s*(?:import|export)\b[^'"\n;]*?(?:\bfrom\s*)?['"](\.[^'"]+)['"]|\bimport\(\s*['"](\.[^'"]+)['"]\s*\)/gm;

/**
 * The relative imports of a module's text. Those of names (`preact`) are the import map's business; imports that span lines are read
 * too, as the braces may hold no quotes.
 */
export function relativeImports(text: string): string[] {
  const joined = text.replace(/\{[^{}'"]*\}/g, (braces) => braces.replace(/\n/g, ' '));
  return [...joined.matchAll(importPattern)].map(([, first, second]) => first ?? second ?? '');
}

/**
 * All modules that some modules lead to by relative imports, themselves included, with their text, in the order they were found. Keys
 * are absolute URLs of files. Rejects when one of them is not there.
 */
export async function moduleClosure(
  entries: readonly string[],
  read: ReadText,
): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const open = [...entries];
  for (let url = open.shift(); url !== undefined; url = open.shift()) {
    if (texts.has(url)) continue;
    const text = await read(url);
    texts.set(url, text);
    for (const specifier of relativeImports(text)) open.push(new URL(specifier, url).href);
  }
  return texts;
}
