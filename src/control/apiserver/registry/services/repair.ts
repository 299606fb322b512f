import { type Clock, sleep } from '../../../../base/clock.js';
import type { Logger } from '../../../../base/logger.js';
import type { Service } from '../../../api/gen/core-v1.js';
import type { IPAddress } from '../../../api/gen/networking-v1.js';
import type { ObjectReader } from '../../contracts.js';
import type { IpAllocator } from './ip-allocator.js';
import type { PortAllocator } from './port-allocator.js';
import { needsClusterIp, portsOf } from './service-plan.js';

const services = { group: '', resource: 'services' };
const addresses = { group: 'networking.k8s.io', resource: 'ipaddresses' };
const intervalMs = 180_000;

/** What repair looks at and sets right. */
export interface RepairParts {
  /** Reads what is committed now. */
  readonly latest: ObjectReader;
  readonly ips: readonly IpAllocator[];
  readonly ports: PortAllocator;
  readonly logger: Logger;
}

/**
 * Gives back addresses and node ports that belong to no Service, which is what a crash between two writes leaves. What is taken is only given back when
 * it was without a Service in two rounds: a Service that is being created takes its address first.
 */
export class AllocationRepair {
  readonly #parts: RepairParts;
  #suspects: ReadonlySet<string> = new Set();
  #suspectPorts: ReadonlySet<number> = new Set();

  constructor(parts: RepairParts) {
    this.#parts = parts;
  }

  /** Rounds until `signal` aborts. */
  async run(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(clock, intervalMs, signal).catch(() => {});
      if (signal.aborted) return;
      await this.round().catch((error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        this.#parts.logger.warn('addresses of Services were not looked through', { error: text });
      });
    }
  }

  async round(): Promise<void> {
    // What is taken is read first: what is used later than that is no suspect.
    const taken = (await this.#parts.latest.list(addresses, '')) as readonly IPAddress[];
    const takenPorts = await this.#parts.ports.taken();
    const all = (await this.#parts.latest.list(services, '')) as readonly Service[];
    await this.#repairAddresses(taken, all);
    await this.#repairPorts(takenPorts, all);
  }

  async #repairAddresses(taken: readonly IPAddress[], all: readonly Service[]): Promise<void> {
    const { ips, logger } = this.#parts;
    const used = new Set(all.filter(needsClusterIp).flatMap(({ spec }) => spec?.clusterIPs ?? []));
    const loose = taken
      .filter(({ spec }) => spec?.parentRef?.resource === 'services')
      .map(({ metadata }) => metadata.name ?? '')
      .filter((address) => !used.has(address));
    for (const address of loose.filter((one) => this.#suspects.has(one))) {
      logger.warn('an address belongs to no Service and is given back', { address });
      await ips[0]?.release(address);
    }
    this.#suspects = new Set(loose);
  }

  async #repairPorts(taken: ReadonlySet<number>, all: readonly Service[]): Promise<void> {
    const { ports, logger } = this.#parts;
    const used = new Set(all.flatMap((service) => [...portsOf(service)]));
    const loose = [...taken].filter((port) => !used.has(port));
    const lost = loose.filter((port) => this.#suspectPorts.has(port));
    if (lost.length > 0) {
      logger.warn('node ports belong to no Service and are given back', { ports: lost.join(',') });
      await ports.release(lost);
    }
    this.#suspectPorts = new Set(loose);
  }
}
