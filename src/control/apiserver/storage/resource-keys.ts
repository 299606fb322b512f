import { assert } from '../../../base/assert.js';
import { fromLatin1, latin1Between, toLatin1 } from '../../../base/bytes.js';
import { prefixEnd } from '../../../client/index.js';

/** A half-open range of keys; `upper` null has no end. */
export interface KeyRange {
  readonly lower: string;
  readonly upper: string | null;
}

/** What names an object, or all objects of a namespace (no name), or all (no namespace either). */
export interface ObjectScope {
  readonly namespace: string;
  readonly name?: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const isAscii = (text: string) => /^[\0-\x7f]*$/.test(text);

/**
 * Where the objects of one resource lie in the store: `<prefix>/<namespace>/<name>`, or `<prefix>/<name>` without namespaces.
 * A *key* is what follows `<prefix>/`, as latin1 text of its UTF-8 bytes, so that `<` is the store's order.
 */
export class ResourceKeys {
  readonly isNamespaced: boolean;
  /** `<prefix>/` as latin1. */
  readonly #prefix: string;
  readonly #end: Uint8Array;

  /** `prefix` is ASCII, as `/registry/pods`. */
  constructor({
    prefix,
    isNamespaced,
  }: { readonly prefix: string; readonly isNamespaced: boolean }) {
    assert(isAscii(prefix) && !prefix.endsWith('/'), `${prefix} is no prefix of a resource`);
    this.isNamespaced = isNamespaced;
    this.#prefix = `${prefix}/`;
    this.#end = prefixEnd(fromLatin1(this.#prefix));
  }

  keyOf(namespace: string, name: string): string {
    return keyOfText(this.isNamespaced ? `${namespace}/${name}` : name);
  }

  /** '' without namespaces. As latin1. */
  namespaceOf(key: string): string {
    return this.isNamespaced ? key.slice(0, key.indexOf('/')) : '';
  }

  /** The keys of a scope. A name in all namespaces has no range of its own: all keys, see {@link isNameIn}. */
  rangeOf({ namespace, name }: ObjectScope): KeyRange {
    if (this.isNamespaced && namespace === '') return everyKey;
    if (name !== undefined) {
      const key = this.keyOf(namespace, name);
      return { lower: key, upper: keyAfter(key) };
    }
    if (!this.isNamespaced) return everyKey;
    const start = keyOfText(namespace);
    return { lower: `${start}/`, upper: `${start}${afterSlash}` };
  }

  /** The name that a key's last part must be, as latin1, where {@link rangeOf} cannot say it; else null. */
  looseNameOf({ namespace, name }: ObjectScope): string | null {
    return this.isNamespaced && namespace === '' && name !== undefined ? keyOfText(name) : null;
  }

  toStore(key: string): Uint8Array {
    return fromLatin1(this.#prefix + key);
  }

  toStoreRange({ lower, upper }: KeyRange): {
    readonly key: Uint8Array;
    readonly rangeEnd: Uint8Array;
  } {
    return { key: this.toStore(lower), rangeEnd: upper === null ? this.#end : this.toStore(upper) };
  }

  fromStore(storeKey: Uint8Array): string {
    return latin1Between(storeKey, this.#prefix.length, storeKey.length);
  }

  /** The store's whole key as text, for messages. */
  textOf(key: string): string {
    return textOfKey(this.#prefix + key);
  }
}

/** '0' follows '/' in ASCII. */
const afterSlash = '0';

/** All keys of a resource. */
export const everyKey: KeyRange = { lower: '', upper: null };

/** The key that follows directly. */
export function keyAfter(key: string): string {
  return `${key}\0`;
}

/** Whether a key's last part is this name. */
export function hasName(key: string, name: string): boolean {
  return key.endsWith(name) && key[key.length - name.length - 1] === '/';
}

/** The part of a range after a key that a client gave back; '' is all of it. */
export function rangeAfter({ lower, upper }: KeyRange, afterText: string): KeyRange {
  if (afterText === '') return { lower, upper };
  const from = keyAfter(keyOfText(afterText));
  return { lower: from > lower ? from : lower, upper };
}

/** Whether no key can be in the range. */
export function isEmptyRange({ lower, upper }: KeyRange): boolean {
  return upper !== null && upper <= lower;
}

/** A key as text that clients may carry around. */
export function textOfKey(key: string): string {
  return isAscii(key) ? key : decoder.decode(fromLatin1(key));
}

/** The latin1 text of a name or of a part of a key. */
export function keyOfText(text: string): string {
  return isAscii(text) ? text : toLatin1(encoder.encode(text));
}
