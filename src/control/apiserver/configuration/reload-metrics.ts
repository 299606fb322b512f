import { Counter, Gauge, type Registry } from 'prom-client';
import type { Clock } from '../../../base/clock.js';
import type { ReloadObserver } from '../../../base/config-reloader.js';
import { textDigest } from '../../../host/digest.js';

/** Which configuration is followed. */
export type ReloadedConfig = 'authentication' | 'authorization' | 'encryption';

/** What became of a configuration's reloads, under Kubernetes' names. */
export class ReloadMetrics implements ReloadObserver {
  readonly #config: ReloadedConfig;
  readonly #clock: Clock;
  readonly #counts = new Map<'success' | 'failure', number>();
  readonly #timesMs = new Map<'success' | 'failure', number>();
  #configHash = '';

  constructor(config: ReloadedConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  onReload(result: 'success' | 'failure'): void {
    this.#counts.set(result, (this.#counts.get(result) ?? 0) + 1);
    this.#timesMs.set(result, this.#clock.wallTime());
  }

  /** The text that is in use from now on. */
  onConfig(text: string): void {
    this.#configHash = textDigest(text);
  }

  /** `serverId` tells replicas apart; it is shown as its digest. */
  register(registry: Registry, serverId: string): void {
    const apiserver_id_hash = textDigest(serverId);
    const registers = [registry];
    const prefix = `apiserver_${this.#config}_config_controller`;
    const counts = this.#counts;
    new Counter({
      name: `${prefix}_automatic_reloads_total`,
      help: `Reloads of the ${this.#config} configuration by what became of them.`,
      labelNames: ['status', 'apiserver_id_hash'],
      registers,
      collect() {
        this.reset();
        for (const [status, count] of counts) this.inc({ status, apiserver_id_hash }, count);
      },
    });
    const timesMs = this.#timesMs;
    new Gauge({
      name: `${prefix}_automatic_reload_last_timestamp_seconds`,
      help: `When the ${this.#config} configuration was last reloaded, or should have been, since the epoch.`,
      labelNames: ['status', 'apiserver_id_hash'],
      registers,
      collect() {
        for (const [status, ms] of timesMs) this.set({ status, apiserver_id_hash }, ms / 1000);
      },
    });
    const hash = () => this.#configHash;
    new Gauge({
      name: `${prefix}_last_config_info`,
      help: `Always 1: the digest of the ${this.#config} configuration that is in use.`,
      labelNames: ['apiserver_id_hash', 'hash'],
      registers,
      collect() {
        this.reset();
        if (hash() !== '') this.set({ apiserver_id_hash, hash: hash() }, 1);
      },
    });
  }
}
