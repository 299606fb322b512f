/** Text that is markup already: {@link html} leaves it as it is. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What can stand in a template. Lists are joined. */
type Insert = string | number | Markup | readonly (string | number | Markup)[];

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** HTML or SVG from a template: whatever is inserted and is not markup itself is escaped, in text and in attributes. */
export function html(strings: TemplateStringsArray, ...inserts: readonly Insert[]): Markup {
  const parts = strings.map((string, i) => string + (i < inserts.length ? toText(inserts[i]) : ''));
  return new Markup(parts.join(''));
}

function toText(insert: Insert | undefined): string {
  if (insert === undefined) return '';
  if (insert instanceof Markup) return insert.text;
  if (typeof insert === 'object') return insert.map(toText).join('');
  return String(insert).replace(/[&<>"']/g, (char) => escapes[char] ?? char);
}
