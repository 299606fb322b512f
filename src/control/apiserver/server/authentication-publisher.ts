import { type Clock, sleep } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { ConfigMap } from '../../api/gen/core-v1.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import { StatusError } from '../../machinery/status.js';
import { follow } from '../registry/follow.js';
import type { ServerWrites } from '../registry/server-writes.js';
import type { ObjectStorage } from '../storage/contracts.js';
import { type AuthenticationInfo, publishedInfo } from './authentication-info.js';

const configMaps = { group: '', resource: 'configmaps' };
const namespace = 'kube-system';
const name = 'extension-apiserver-authentication';
/** Between rounds without a change: certificates expire. */
const roundMs = 60_000;

/** What publishing needs. */
export interface AuthenticationPublisherOptions {
  readonly info: AuthenticationInfo;
  readonly configMaps: ObjectStorage;
  readonly writes: ServerWrites;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Keeps the ConfigMap by which aggregated API servers know whom to believe. */
export class AuthenticationPublisher {
  readonly #options: AuthenticationPublisherOptions;
  #wake: () => void = () => {};

  constructor(options: AuthenticationPublisherOptions) {
    this.#options = options;
  }

  /** Writes it when it is not as it should be. Rejects with StatusError. */
  async round(): Promise<void> {
    const { writes, info, clock } = this.#options;
    const dataFor = (data: Readonly<Record<string, string>>) =>
      publishedInfo(info, data, clock.wallTime());
    const current = await this.#read();
    const data = dataFor(current?.data ?? {});
    if (current === undefined) {
      if (Object.keys(data).length === 0) return;
      const made = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
      // Another replica may have been first: what it wrote is joined with ours in the next round.
      await writes.create(configMaps, namespace, made);
    } else if (!deepEqual(current.data ?? {}, data)) {
      await writes.update({ resource: configMaps, namespace, name }, (fresh) => {
        const { data: there = {}, ...rest } = fresh as ConfigMap;
        return { ...rest, data: dataFor(there) } as ConfigMap;
      });
    }
  }

  /** Keeps it, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger, configMaps: storage } = this.#options;
    const onChange = () => this.#wake();
    const follower = { upsert: onChange, remove: onChange };
    const following = follow(storage, follower, {
      ...{ clock, logger, signal },
      only: { namespace, name },
    });
    while (!signal.aborted) {
      await this.#pause(signal);
      if (signal.aborted) break;
      await this.round().catch((error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        logger.warn('how users are known could not be published', { error: text });
      });
    }
    await following;
  }

  async #read(): Promise<ConfigMap | undefined> {
    try {
      const { object } = await this.#options.configMaps.get(namespace, name, { at: 'latest' });
      return object as ConfigMap;
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'NotFound') return undefined;
      throw error;
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const either = AbortSignal.any([signal, woken.signal]);
    await sleep(this.#options.clock, roundMs, either).catch(() => {});
  }
}
