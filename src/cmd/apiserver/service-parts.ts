import { defined } from '../../base/assert.js';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import type { ObjectReader } from '../../control/apiserver/contracts.js';
import type { EndpointTable } from '../../control/apiserver/registry/endpoint-table.js';
import { follow } from '../../control/apiserver/registry/follow.js';
import type { ServerWrites } from '../../control/apiserver/registry/server-writes.js';
import { IpAllocator } from '../../control/apiserver/registry/services/ip-allocator.js';
import {
  PortAllocator,
  parsePortRange,
} from '../../control/apiserver/registry/services/port-allocator.js';
import { AllocationRepair } from '../../control/apiserver/registry/services/repair.js';
import { ServiceRange } from '../../control/apiserver/registry/services/service-range.js';
import { openStorage, type StoreConnection } from '../../control/apiserver/storage/index.js';
import type { KubeObject } from '../../control/machinery/object.js';
import { UsageError } from '../usage-error.js';
import type { ParsedFlags } from './parse.js';

/** What gives Services their addresses and ports, and what runs beside it. */
export interface ServiceParts {
  readonly ips: readonly IpAllocator[];
  readonly ports: PortAllocator;
  /** Learns which addresses are taken, and repairs, until `signal` aborts. */
  run(clock: Clock, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** As the flags have the ranges. Throws UsageError. */
export function openServiceParts(options: {
  readonly flags: ParsedFlags;
  readonly store: StoreConnection;
  readonly storePrefix: string;
  readonly writes: ServerWrites;
  readonly endpoints: EndpointTable;
  readonly latest: ObjectReader;
  readonly prng: Prng;
  readonly logger: Logger;
}): ServiceParts {
  const { flags, writes, endpoints, latest, prng, logger } = options;
  const ips = serviceRanges(flags).map((range) => new IpAllocator(range, writes, prng.fork()));
  const portRange = parsePortRange(flags.text('service-node-port-range'));
  if (portRange === null) {
    throw new UsageError('--service-node-port-range: give two ports, as 30000-32767');
  }
  const storage = openStorage({
    store: options.store,
    prefix: `${options.storePrefix}/ranges`,
    groupResource: { group: '', resource: 'rangeallocations' },
    isNamespaced: false,
    cached: false,
  });
  const ports = new PortAllocator(portRange, storage, prng.fork());
  const repair = new AllocationRepair({ latest, ips, ports, logger });
  return {
    ips,
    ports,
    async run(clock, signal) {
      const tell = (isTaken: boolean) => (object: KubeObject) => {
        for (const allocator of ips) allocator.onAddress(object.metadata.name ?? '', isTaken);
      };
      const taken = defined(endpoints.registry('networking.k8s.io', 'ipaddresses'));
      const follower = { upsert: tell(true), remove: tell(false) };
      await Promise.all([
        follow(taken.storage, follower, { clock, logger, signal }),
        repair.run(clock, signal),
      ]);
    },
    close: () => storage.close(),
  };
}

function serviceRanges(flags: ParsedFlags): readonly ServiceRange[] {
  const name = 'service-cluster-ip-range';
  const ranges = flags.list(name).map((text) => {
    const range = ServiceRange.parse(text);
    if (range === null) {
      throw new UsageError(`--${name}: ${JSON.stringify(text)} is no network; write 10.0.0.0/24`);
    }
    return range;
  });
  const [first, second] = ranges;
  if (first === undefined || ranges.length > 2 || first.family === second?.family) {
    throw new UsageError(`--${name}: give one network, or one of each family`);
  }
  return ranges;
}
