import { createHash } from 'node:crypto';
import { type Clock, sleep } from '../../../../base/clock.js';
import type { Logger } from '../../../../base/logger.js';
import { EncryptedObject } from '../../../../wire/gen/kms.js';
import { aesGcm, type RandomBytes, type ValueCipher } from '../ciphers.js';
import { derivedGcm, seedBytes } from './derived-gcm.js';
import { KmsError, type KmsPlugin, type SealedSeed } from './kms-plugin.js';

/** Between looks at the service while it is well. */
const lookMs = 60_000;
/** The same while it is not. */
const worryMs = 10_000;
/** Nothing is written with a seed whose key nobody confirmed for so long: it may be revoked. */
const writableMs = 3 * 60_000;
/** How long the service has to answer when the server starts, and between tries. */
const startMsMax = 10_000;
const startRetryMs = 250;
/** Seeds that are kept: one for each key of the service and each start of a server that wrote something. */
const seedsMax = 10_000;
const aesGcmKey = 0;
const derivedSeed = 1;

/** What is written with. */
interface Current {
  readonly sealed: SealedSeed;
  readonly cipher: ValueCipher;
  untilMs: number;
}

/**
 * Values in the envelope of KMS v2: each is encrypted with a key from a seed, which this server makes and which only the service can
 * decrypt once the server has ended. The service is asked for each seed once, not for each value; values whose seed is not known yet are
 * made readable by {@link prepare}.
 */
export class KmsCipher implements ValueCipher {
  readonly #plugin: KmsPlugin;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #random: RandomBytes;
  readonly #ciphers = new Map<string, ValueCipher>();
  readonly #asking = new Map<string, Promise<void>>();
  readonly #closed = new AbortController();
  #current: Current | null = null;
  /** What was wrong with the service when it was last looked at. */
  #problem: string | null = 'it was not asked yet';

  constructor(options: {
    readonly plugin: KmsPlugin;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly random: RandomBytes;
  }) {
    this.#plugin = options.plugin;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#random = options.random;
  }

  /** Resolves once values can be written. Rejects with {@link KmsError} when the service does not help within 10 s. */
  async start(): Promise<void> {
    const endMs = this.#clock.now() + startMsMax;
    for (;;) {
      try {
        await this.#look();
        break;
      } catch (error) {
        if (!(error instanceof KmsError) || this.#clock.now() >= endMs) throw error;
        await sleep(this.#clock, startRetryMs);
      }
    }
    void this.#watch();
  }

  close(): void {
    this.#closed.abort();
  }

  /** What is wrong with the service; null when all is well. */
  get problem(): string | null {
    return this.#problem;
  }

  seal(bytes: Uint8Array, storeKey: Uint8Array): Uint8Array {
    const current = this.#current;
    if (current === null || this.#clock.now() > current.untilMs)
      throw new KmsError(
        this.#problem ?? 'nothing can be encrypted: the kms provider is not there',
      );
    return EncryptedObject.encode({
      encryptedData: current.cipher.seal(bytes, storeKey, this.#random),
      keyID: current.sealed.keyId,
      encryptedDEKSource: current.sealed.bytes,
      annotations: current.sealed.annotations,
      encryptedDEKSourceType: derivedSeed,
    });
  }

  open(sealed: Uint8Array, storeKey: Uint8Array): Uint8Array | null {
    const envelope = readEnvelope(sealed);
    if (envelope === null) return null;
    const cipher = this.#ciphers.get(nameOf(envelope));
    if (cipher === undefined) throw new KmsError('the key of the value was not asked for');
    return cipher.open(envelope.encryptedData, storeKey);
  }

  isStale(sealed: Uint8Array): boolean {
    const keyId = readEnvelope(sealed)?.keyID;
    return keyId !== this.#current?.sealed.keyId;
  }

  prepare(sealed: Uint8Array): Promise<void> | null {
    const envelope = readEnvelope(sealed);
    if (envelope === null) return null;
    const name = nameOf(envelope);
    if (this.#ciphers.has(name)) return null;
    let asking = this.#asking.get(name);
    if (asking === undefined) {
      asking = this.#learn(name, envelope).finally(() => this.#asking.delete(name));
      this.#asking.set(name, asking);
    }
    return asking;
  }

  async #learn(name: string, envelope: EncryptedObject): Promise<void> {
    const seed = await this.#plugin.unseal({
      keyId: envelope.keyID,
      bytes: envelope.encryptedDEKSource,
      annotations: envelope.annotations,
    });
    this.#keep(
      name,
      envelope.encryptedDEKSourceType === aesGcmKey ? aesGcm(seed) : derivedGcm(seed),
    );
  }

  #keep(name: string, cipher: ValueCipher): void {
    if (this.#ciphers.size >= seedsMax) {
      for (const oldest of this.#ciphers.keys()) {
        this.#ciphers.delete(oldest);
        break;
      }
    }
    this.#ciphers.set(name, cipher);
  }

  /** Looks after the service, until it is closed. */
  async #watch(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      await sleep(this.#clock, this.#problem === null ? lookMs : worryMs, signal).catch(() => {});
      if (signal.aborted) return;
      await this.#look().catch((error: unknown) => {
        this.#logger.warn('a kms provider is not well', { error: String(error) });
      });
    }
  }

  /** Confirms the key of the seed that is written with, or begins with another seed when the service has another key. */
  async #look(): Promise<void> {
    const confirmedMs = this.#clock.now();
    try {
      const keyId = await this.#plugin.keyId();
      const current = this.#current;
      if (current?.sealed.keyId === keyId) current.untilMs = confirmedMs + writableMs;
      else await this.#begin(confirmedMs);
      this.#problem = null;
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }

  async #begin(confirmedMs: number): Promise<void> {
    const seed = this.#random(seedBytes);
    const sealed = await this.#plugin.seal(seed);
    const cipher = derivedGcm(seed);
    this.#keep(sourceName(sealed.keyId, sealed.bytes, derivedSeed), cipher);
    this.#current = { sealed, cipher, untilMs: confirmedMs + writableMs };
  }
}

/** Null: it is no envelope that anybody wrote. */
function readEnvelope(sealed: Uint8Array): EncryptedObject | null {
  try {
    const envelope = EncryptedObject.decode(sealed);
    const { encryptedDEKSourceType: type, encryptedDEKSource: source } = envelope;
    return source.length > 0 && (type === aesGcmKey || type === derivedSeed) ? envelope : null;
  } catch {
    return null;
  }
}

function nameOf(envelope: EncryptedObject): string {
  const { keyID, encryptedDEKSource, encryptedDEKSourceType } = envelope;
  return sourceName(keyID, encryptedDEKSource, encryptedDEKSourceType);
}

function sourceName(keyId: string, source: Uint8Array, type: number): string {
  return createHash('sha256').update(`${type}\0${keyId}\0`).update(source).digest('base64');
}
