import type { Registry } from 'prom-client';
import { Distribution, registerDistributions } from '../distribution.js';

const [hour, day] = [3600, 86_400];
const lifetimeSeconds = [
  ...[0, hour / 2, hour, 2 * hour, 6 * hour, 12 * hour],
  ...[1, 2, 4, 7, 30, 90, 180, 360].map((days) => days * day),
];

/** How long the client certificates that requests come with still hold, under Kubernetes' name. */
export class CertificateLifetimes {
  readonly #lifetimes = new Distribution(lifetimeSeconds);

  onRequest(secondsLeft: number): void {
    this.#lifetimes.observe(secondsLeft);
  }

  register(registry: Registry): void {
    const lifetimes = this.#lifetimes;
    registerDistributions(
      registry,
      {
        name: 'apiserver_client_certificate_expiration_seconds',
        help: 'Seconds until the certificate expires that a request came with.',
      },
      function* () {
        yield [{}, lifetimes];
      },
    );
  }
}
