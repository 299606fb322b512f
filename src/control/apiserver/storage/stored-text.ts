import type { KubeObject } from '../../machinery/object.js';

const encoder = new TextEncoder();

/** An object's JSON, made once for both uses: to be stored, without `resourceVersion`, and to be sent, with the one it was stored at. */
export class StoredText {
  /** Up to where metadata would go on. */
  readonly #head: string;
  /** From the end of the metadata on. */
  readonly #tail: string;

  constructor(object: KubeObject) {
    const { apiVersion, kind, metadata, ...rest } = object;
    const { resourceVersion: _, ...unversioned } = metadata;
    const names = JSON.stringify({ kind, apiVersion, metadata: unversioned });
    const fields = JSON.stringify(rest);
    // Both braces that `names` ends with come after what may be put in.
    this.#head = names.slice(0, -2);
    this.#tail = fields === '{}' ? '}}' : `},${fields.slice(1)}`;
  }

  /** What is stored. */
  bytes(): Uint8Array {
    return encoder.encode(this.#head + this.#tail);
  }

  /** What is sent, of what was stored at a revision. */
  bytesAt(revision: number): Uint8Array {
    const separator = this.#head.endsWith('{') ? '' : ',';
    return encoder.encode(`${this.#head}${separator}"resourceVersion":"${revision}"${this.#tail}`);
  }
}
