/** The attributes of each element that hold addresses (HTML 4.01 and the HTML standard, indexes of attributes). */
const addressAttributes: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  video: ['poster', 'src'],
};

/** Elements whose content is text, whatever it looks like. */
const textElements: ReadonlySet<string> = new Set(['script', 'style', 'textarea', 'title', 'xmp']);

/** Characters of a tag or comment that is waited for; what is longer goes through as it is. */
const pieceCharactersMax = 256 * 1024;

// A name begins and ends where it can in one way only: the pages are anybody's, and a tag without an end is read in one pass too.
/** A start tag's name, and whatever is between it and its end. */
const startTag = /^<([a-z][^\s/>]*)(?![^\s/>])((?:"[^"]*"|'[^']*'|[^"'>])*)>/i;
const attribute = /(?<![^\s"'<>/=])([^\s"'<>/=]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)/g;

/** Changes the addresses in a page that comes in pieces. All other bytes stay as they are, whatever the page's encoding. */
export class HtmlLinks {
  readonly #rewrite: (address: string) => string;
  #waiting = '';
  /** The element whose text is being read; '' outside of such. */
  #inside = '';

  constructor(rewrite: (address: string) => string) {
    this.#rewrite = rewrite;
  }

  /** What of the page can be sent after this piece. */
  add(piece: Uint8Array): Uint8Array {
    const { buffer, byteOffset, byteLength } = piece;
    this.#waiting += Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
    let done = '';
    for (let next = this.#take(); next !== null; next = this.#take()) done += next;
    if (this.#waiting.length > pieceCharactersMax) {
      done += this.#waiting;
      this.#waiting = '';
    }
    return Buffer.from(done, 'latin1');
  }

  /** What was still waited for at the end of the page. */
  end(): Uint8Array {
    return Buffer.from(this.#waiting, 'latin1');
  }

  /** The next part that is complete; null: more has to come. */
  #take(): string | null {
    const text = this.#waiting;
    if (text === '') return null;
    if (this.#inside !== '') return this.#takeText(this.#inside);
    const open = text.indexOf('<');
    if (open !== 0) return this.#cut(open < 0 ? text.length : open);
    if (text.startsWith('<!--')) return this.#cutAfter('-->', 4);
    if (text.length < 4 && '<!--'.startsWith(text)) return null;
    const tag = startTag.exec(text);
    if (tag !== null) return this.#takeTag(tag);
    if (/^<[a-z]/i.test(text)) return null;
    return /^<[/!?]/.test(text) ? this.#cutAfter('>', 1) : this.#cut(1);
  }

  #takeTag([whole, name = '', inner = '']: RegExpExecArray): string {
    this.#cut(whole.length);
    const element = name.toLowerCase();
    if (textElements.has(element)) this.#inside = element;
    const names = addressAttributes[element];
    if (names === undefined) return whole;
    const changed = inner.replace(attribute, (all, key: string, equals: string, value: string) =>
      names.includes(key.toLowerCase()) ? `${key}${equals}${this.#changed(value)}` : all,
    );
    return `<${name}${changed}>`;
  }

  #changed(value: string): string {
    const quote = /^["']/.exec(value)?.[0] ?? '';
    return `${quote}${this.#rewrite(quote === '' ? value : value.slice(1, -1))}${quote}`;
  }

  #takeText(element: string): string | null {
    const end = this.#waiting.toLowerCase().indexOf(`</${element}`);
    if (end < 0) return null;
    this.#inside = '';
    return this.#cut(end);
  }

  #cutAfter(end: string, from: number): string | null {
    const at = this.#waiting.indexOf(end, from);
    return at < 0 ? null : this.#cut(at + end.length);
  }

  #cut(length: number): string {
    const part = this.#waiting.slice(0, length);
    this.#waiting = this.#waiting.slice(length);
    return part;
  }
}

/**
 * An address in a page of the server at `origin` as it is reached behind `base`: absolute paths get it in front, and so do addresses of that
 * server. Others stay, and so does what is behind `base` already.
 */
export function addressBehind(
  address: string,
  { origin, base }: { readonly origin: string; readonly base: string },
): string {
  const host = origin.slice(origin.indexOf('//'));
  const own = [origin, host].find((start) => address.startsWith(`${start}/`)) ?? '';
  const path = address.slice(own.length);
  const isAbsolute = path.startsWith('/') && !path.startsWith('//');
  if (!isAbsolute) return address;
  return path.startsWith(base) ? path : `${base}${path}`;
}
