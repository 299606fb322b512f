import { type CallOptions, type Channel, RpcError } from '../../../../rpc/index.js';
import { type Annotation, KeyManagementService } from '../../../../wire/gen/kms.js';

/** A key management service that does not do what it should. */
export class KmsError extends Error {
  override readonly name = 'KmsError';
}

/** What the service made of a seed. */
export interface SealedSeed {
  /** The key of the service that it was encrypted with. */
  readonly keyId: string;
  readonly bytes: Uint8Array;
  /** To be given back when it is decrypted. */
  readonly annotations: readonly Annotation[];
}

const keyIdBytesMax = 1024;
const sealedBytesMax = 1024;
const annotationBytesMax = 32 * 1024;
const versions: ReadonlySet<string> = new Set(['v2', 'v2beta1']);

/** One key management service (KMS v2), and what its answers must be like. Rejects with {@link KmsError}. */
export class KmsPlugin {
  readonly #name: string;
  readonly #channel: Channel;
  readonly #timeoutMs: number;
  readonly #newUid: () => string;

  constructor(options: {
    readonly name: string;
    readonly channel: Channel;
    readonly timeoutMs: number;
    readonly newUid: () => string;
  }) {
    this.#name = options.name;
    this.#channel = options.channel;
    this.#timeoutMs = options.timeoutMs;
    this.#newUid = options.newUid;
  }

  /** The key that it encrypts with now, when all is well with it. */
  async keyId(): Promise<string> {
    const { Status } = KeyManagementService.methods;
    const status = await this.#ask(this.#channel.unary(Status, {}, this.#options()));
    const { version, healthz, keyId } = status;
    if (!versions.has(version)) throw this.#error(`it speaks version ${JSON.stringify(version)}`);
    if (healthz !== 'ok') throw this.#error(`it says of itself ${JSON.stringify(healthz)}`);
    this.#checkKeyId(keyId);
    return keyId;
  }

  async seal(seed: Uint8Array): Promise<SealedSeed> {
    const { Encrypt } = KeyManagementService.methods;
    const asked = { plaintext: seed, uid: this.#newUid() };
    const answer = await this.#ask(this.#channel.unary(Encrypt, asked, this.#options()));
    const { ciphertext: bytes, keyId, annotations } = answer;
    this.#checkKeyId(keyId);
    if (bytes.length === 0 || bytes.length > sealedBytesMax)
      throw this.#error(`it made ${bytes.length} bytes of a key, not 1 to ${sealedBytesMax}`);
    const size = annotations.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
    if (size > annotationBytesMax)
      throw this.#error(`its annotations have ${size} bytes, more than ${annotationBytesMax}`);
    return { keyId, bytes, annotations };
  }

  async unseal({ keyId, bytes, annotations }: SealedSeed): Promise<Uint8Array> {
    const { Decrypt } = KeyManagementService.methods;
    const asked = { ciphertext: bytes, keyId, annotations, uid: this.#newUid() };
    const { plaintext } = await this.#ask(this.#channel.unary(Decrypt, asked, this.#options()));
    return plaintext;
  }

  #options(): CallOptions {
    return { timeoutMs: this.#timeoutMs };
  }

  async #ask<T>(asking: Promise<T>): Promise<T> {
    try {
      return await asking;
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      throw this.#error(error.message, error);
    }
  }

  #checkKeyId(keyId: string): void {
    const size = Buffer.byteLength(keyId);
    if (size === 0 || size > keyIdBytesMax)
      throw this.#error(`the name of its key has ${size} bytes, not 1 to ${keyIdBytesMax}`);
  }

  #error(text: string, cause?: Error): KmsError {
    const options = cause === undefined ? {} : { cause };
    return new KmsError(`the kms provider ${JSON.stringify(this.#name)} failed: ${text}`, options);
  }
}
