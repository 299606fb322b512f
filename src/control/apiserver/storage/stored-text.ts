import type { KubeObject } from '../../machinery/object.js';

const encoder = new TextEncoder();

/** An object's JSON, made once for both uses: to be stored, without `resourceVersion`, and to be sent, with the one it was stored at. */
export class StoredText {
  readonly #bytes: Uint8Array;
  /** Where in #bytes the metadata would go on. */
  readonly #metadataEnd: number;
  readonly #isMetadataEmpty: boolean;

  constructor(object: KubeObject) {
    const { apiVersion, kind, metadata, ...rest } = object;
    const { resourceVersion: _, ...unversioned } = metadata;
    const names = JSON.stringify({ kind, apiVersion, metadata: unversioned });
    const fields = JSON.stringify(rest);
    // Both braces that `names` ends with come after what may be put in.
    const head = names.slice(0, -2);
    this.#bytes = encoder.encode(fields === '{}' ? names : `${head}},${fields.slice(1)}`);
    this.#metadataEnd = Buffer.byteLength(head);
    this.#isMetadataEmpty = head.endsWith('{');
  }

  /** What is stored. */
  bytes(): Uint8Array {
    return this.#bytes;
  }

  /** What is sent, of what was stored at a revision. */
  bytesAt(revision: number): Uint8Array {
    const separator = this.#isMetadataEmpty ? '' : ',';
    const version = encoder.encode(`${separator}"resourceVersion":"${revision}"`);
    const sent = new Uint8Array(this.#bytes.length + version.length);
    sent.set(this.#bytes.subarray(0, this.#metadataEnd));
    sent.set(version, this.#metadataEnd);
    sent.set(this.#bytes.subarray(this.#metadataEnd), this.#metadataEnd + version.length);
    return sent;
  }
}
