import { assert } from '../../../base/assert.js';
import { managedFieldsText } from '../../machinery/apply/index.js';
import type { KubeObject, ManagedFieldsEntry } from '../../machinery/object.js';
import { fieldText } from './shared-parts.js';

/** Bytes of a version that is put in, at most: a revision is a safe integer. */
const versionBytesMax = versionMember(Number.MAX_SAFE_INTEGER, false).length;

/** An object's JSON as it is sent, and where in it its managed fields are. */
export interface SentText {
  readonly bytes: Uint8Array;
  /** Without what is from here on up to `managedEnd` it is the JSON of the object without managed fields. */
  readonly managedStart: number;
  readonly managedEnd: number;
}

/**
 * An object's JSON, made once for both uses, in one memory: first it is stored, without `resourceVersion`, then it is sent, with the one that it
 * was stored at.
 */
export class StoredText {
  /** What is stored, and room for the version. */
  readonly #memory: Buffer;
  #length: number;
  /** Where the managed fields begin, and where the metadata would go on. Invariant: start <= end. */
  readonly #managedStart: number;
  readonly #metadataEnd: number;
  readonly #isMetadataEmpty: boolean;
  #hasVersion = false;

  constructor(object: KubeObject) {
    const { head, managed, rest } = textOf(object);
    const text = `${head}${managed}${rest}`;
    this.#length = Buffer.byteLength(text);
    const isAscii = this.#length === text.length;
    // Every byte that is handed out is written.
    this.#memory = Buffer.allocUnsafeSlow(this.#length + versionBytesMax);
    this.#memory.write(text, isAscii ? 'latin1' : 'utf8');
    this.#managedStart = isAscii ? head.length : Buffer.byteLength(head);
    this.#metadataEnd =
      this.#managedStart + (isAscii ? managed.length : Buffer.byteLength(managed));
    this.#isMetadataEmpty = isEmptyUpTo(head, managed);
  }

  /** What is stored. Nobody may read it after {@link sentAt}. */
  bytes(): Uint8Array {
    assert(!this.#hasVersion);
    return this.#memory.subarray(0, this.#length);
  }

  /** What is sent, of what was stored at a revision. Once. */
  sentAt(revision: number): SentText {
    assert(!this.#hasVersion);
    this.#hasVersion = true;
    const memory = this.#memory;
    const managedEnd = this.#metadataEnd;
    const version = versionMember(revision, this.#isMetadataEmpty);
    memory.copyWithin(managedEnd + version.length, managedEnd, this.#length);
    memory.write(version, managedEnd, 'latin1');
    this.#length += version.length;
    const bytes = memory.subarray(0, this.#length);
    return { bytes, managedStart: this.#managedStart, managedEnd };
  }
}

/** What is sent of an object that is stored at a revision, as text; bare: without managed fields. */
export function sentText(
  object: KubeObject,
  revision: number,
  { isBare }: { readonly isBare: boolean },
): string {
  const { head, managed, rest } = textOf(object);
  const version = versionMember(revision, isEmptyUpTo(head, managed));
  return `${head}${isBare ? '' : managed}${version}${rest}`;
}

/** Whether the metadata have nothing yet. */
function isEmptyUpTo(head: string, managed: string): boolean {
  return managed === '' && head.endsWith('{');
}

function versionMember(revision: number, isFirst: boolean): string {
  return `${isFirst ? '' : ','}"resourceVersion":"${revision}"`;
}

/** An object's JSON up to its managed fields, these, and the rest, which begins with the end of the metadata. */
function textOf(object: KubeObject): { head: string; managed: string; rest: string } {
  const { apiVersion, kind, metadata } = object;
  const { resourceVersion: _, managedFields, ...own } = metadata;
  const names = JSON.stringify({ kind, apiVersion, metadata: own });
  // Both braces that `names` ends with come after what may be put in.
  const head = names.slice(0, -2);
  const managed = managedFields === undefined ? '' : managedMember(managedFields);
  const end = `}${fieldsText(object)}}`;
  // Metadata that has nothing else is never without them: what follows would begin with a comma.
  if (head.endsWith('{')) return { head: head + managed, managed: '', rest: end };
  return { head, managed: managed === '' ? '' : `,${managed}`, rest: end };
}

/** Everything else, each with a comma before it. */
function fieldsText(object: KubeObject): string {
  let text = '';
  for (const name of Object.keys(object)) {
    if (name === 'apiVersion' || name === 'kind' || name === 'metadata') continue;
    const written = fieldText(object, name);
    if (written !== undefined) text += `,${JSON.stringify(name)}:${written}`;
  }
  return text;
}

function managedMember(entries: readonly ManagedFieldsEntry[]): string {
  return `"managedFields":${managedFieldsText(entries)}`;
}
