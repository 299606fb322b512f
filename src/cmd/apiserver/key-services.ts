import { randomBytes, randomUUID } from 'node:crypto';
import { type Clock, sleep } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { KmsSettings } from '../../control/apiserver/encryption/encryption-config.js';
import { KmsCipher } from '../../control/apiserver/encryption/kms/kms-cipher.js';
import { KmsPlugin } from '../../control/apiserver/encryption/kms/kms-plugin.js';
import { createHttp2Channel } from '../../rpc/http2/index.js';
import type { Channel } from '../../rpc/index.js';

/** Requests that began before may still need a service that is not configured any more. */
const graceMs = 120_000;

interface KeyService {
  readonly cipher: KmsCipher;
  readonly channel: Channel;
}

/** The key management services of a configuration and of those before it. A service that stays the same is kept. */
export class KeyServices {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #closed = new AbortController();
  /** Of the configuration in use, by their settings. */
  #used = new Map<string, KeyService>();
  /** Of the one that is tried. Invariant: null but between `begin` and `take` or `drop`. */
  #tried: Map<string, KeyService> | null = null;
  readonly #leaving = new Set<KeyService>();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** A new configuration is tried. */
  begin(): void {
    this.#tried = new Map();
  }

  /** The cipher of a service of the configuration that is tried. */
  open(settings: KmsSettings): KmsCipher {
    const tried = this.#tried ?? new Map<string, KeyService>();
    this.#tried = tried;
    const key = JSON.stringify(settings);
    const service = tried.get(key) ?? this.#used.get(key) ?? this.#connect(settings);
    tried.set(key, service);
    return service.cipher;
  }

  /** Resolves once every service that is new can be written with. Rejects with KmsError when one does not help. */
  async start(): Promise<void> {
    const fresh = [...(this.#tried ?? [])].filter(([key]) => !this.#used.has(key));
    await Promise.all(fresh.map(([, { cipher }]) => cipher.start()));
  }

  /** The configuration that was tried is in use from now on; services that it does not name are closed a while later. */
  take(): void {
    const before = this.#used;
    this.#used = this.#tried ?? new Map();
    this.#tried = null;
    for (const [key, service] of before) if (!this.#used.has(key)) void this.#leave(service);
  }

  /** The configuration that was tried is not used. */
  async drop(): Promise<void> {
    const tried = this.#tried ?? new Map<string, KeyService>();
    this.#tried = null;
    const fresh = [...tried].filter(([key]) => !this.#used.has(key));
    await Promise.all(fresh.map(([, service]) => end(service)));
  }

  get isEmpty(): boolean {
    return this.#used.size === 0;
  }

  /** What is wrong with the services in use; null when all is well. */
  problem(): string | null {
    const problems = [...this.#used.values()].map(({ cipher }) => cipher.problem);
    return problems.find((text) => text !== null) ?? null;
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all([...this.#used.values(), ...this.#leaving].map(end));
  }

  #connect({ name, endpoint, timeoutMs }: KmsSettings): KeyService {
    const clock = this.#clock;
    const channel = createHttp2Channel(endpoint, { clock });
    const plugin = new KmsPlugin({ name, channel, timeoutMs, newUid: randomUUID });
    const cipher = new KmsCipher({ plugin, clock, logger: this.#logger, random: randomBytes });
    return { cipher, channel };
  }

  async #leave(service: KeyService): Promise<void> {
    this.#leaving.add(service);
    await sleep(this.#clock, graceMs, this.#closed.signal).catch(() => {});
    // Whoever closes everything closes this too.
    if (this.#closed.signal.aborted) return;
    this.#leaving.delete(service);
    await end(service);
  }
}

async function end({ cipher, channel }: KeyService): Promise<void> {
  cipher.close();
  await channel.close();
}
