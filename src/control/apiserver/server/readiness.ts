import type { HealthCheck, HealthChecks } from './health.js';

/** What is looked at when somebody asks whether this server is well. Checks are added while it starts. */
export class Readiness {
  readonly #healthz: HealthCheck[] = [];
  readonly #livez: HealthCheck[] = [];
  readonly #readyz: HealthCheck[] = [];
  #isStopping = false;

  constructor() {
    const ping: HealthCheck = { name: 'ping', check: () => null };
    const shutdown: HealthCheck = {
      name: 'shutdown',
      check: () => (this.#isStopping ? 'process is shutting down' : null),
    };
    this.#healthz.push(ping);
    this.#livez.push(ping);
    this.#readyz.push(ping, shutdown);
  }

  /** The lists that the paths serve; checks that are added later are in them too. */
  groups(): HealthChecks {
    return { healthz: this.#healthz, livez: this.#livez, readyz: this.#readyz };
  }

  /** Adds a check that decides whether requests should be sent here, and whether all is well. */
  add(check: HealthCheck, { isVital = false }: { readonly isVital?: boolean } = {}): void {
    this.#healthz.push(check);
    this.#readyz.splice(this.#readyz.length - 1, 0, check);
    if (isVital) this.#livez.push(check);
  }

  /** From now on balancers are told to send requests elsewhere. */
  beginShutdown(): void {
    this.#isStopping = true;
  }
}
