/**
 * How long it takes to bring a node's rules up to date: `node dist/bench/control/proxy.js [SERVICES...]`, as root. All rules at once, and
 * after one endpoint of one service changed (median of 9); plan, program and kernel together, in a network namespace of its own. Every
 * service has one port with a cluster IP and a node port, and 2 endpoints.
 */
import { performance } from 'node:perf_hooks';
import type { Service } from '../../src/control/api/gen/core-v1.js';
import type { EndpointSlice } from '../../src/control/api/gen/discovery-v1.js';
import {
  IptablesBackend,
  NftablesBackend,
  type ProxyBackend,
} from '../../src/control/proxy/index.js';
import type { NodeFacts } from '../../src/control/proxy/model/node-facts.js';
import { ServiceCatalog } from '../../src/control/proxy/model/service-catalog.js';
import {
  type RunCommand,
  runCommand,
  runToSuccess,
  withinNamespace,
} from '../../src/host/command.js';
import { printRows, type ResultRow } from '../print-rows.js';

const sizesDefault: readonly number[] = [10, 100, 1000, 10_000];
const repeats = 9;
const timeoutMs = 600_000;

const modes = {
  nftables: (run: RunCommand) => new NftablesBackend({ run, family: 4 }),
  iptables: (run: RunCommand) => new IptablesBackend({ run, family: 4 }),
} satisfies Record<string, (run: RunCommand) => ProxyBackend>;

async function main(sizes: readonly number[]): Promise<void> {
  const rows: ResultRow[] = [];
  for (const [mode, make] of Object.entries(modes)) {
    for (const services of sizes) rows.push(...(await measure(mode, make, services)));
  }
  printRows(rows);
}

async function measure(
  mode: string,
  make: (run: RunCommand) => ProxyBackend,
  services: number,
): Promise<readonly ResultRow[]> {
  const namespace = `flt-bench-${process.pid}`;
  const ip = (...args: string[]) => runToSuccess(runCommand, { command: 'ip', args });
  await ip('netns', 'add', namespace);
  try {
    const within = withinNamespace(runCommand, namespace);
    const cluster = new BenchCluster(services);
    const backend = make((line) => within({ ...line, timeoutMs }));
    const full = await cluster.sync(backend);
    const times: number[] = [];
    for (let change = 0; change < repeats; change++) {
      cluster.change((change * 7919) % services);
      times.push(await cluster.sync(backend));
    }
    times.sort((a, b) => a - b);
    const name = `${mode}, ${services} services`;
    return [
      { name: `${name}: all`, p50Ms: full },
      { name: `${name}: one change`, p50Ms: times[repeats >> 1] ?? 0, maxMs: times.at(-1) ?? 0 },
    ];
  } finally {
    await ip('netns', 'del', namespace);
  }
}

class BenchCluster {
  readonly #services = new Map<string, Service>();
  readonly #slices = new Map<string, EndpointSlice>();
  readonly #catalog: ServiceCatalog;
  readonly #facts: NodeFacts = {
    ...{ family: 4, nodePortAddresses: 'all', servesLoopbackNodePorts: false },
    ...{ podSource: { by: 'cidr', cidr: '10.0.0.0/8' }, masqueradesAll: false },
    ...{ masqueradeBit: 14, balance: 'random' },
  };

  constructor(services: number) {
    for (let n = 0; n < services; n++) {
      const name = `service-${n}`;
      const ports = [{ port: 80, ...(n < 2700 ? { nodePort: 30_000 + n } : {}) }];
      const clusterIP = `10.96.${n >> 8}.${n & 255}`;
      this.#services.set(`default/${name}`, {
        metadata: { namespace: 'default', name },
        spec: { type: 'NodePort', clusterIP, ports },
      });
      this.#slices.set(`default/${name}`, slice(n, 2));
    }
    this.#catalog = new ServiceCatalog({
      serviceKeys: () => this.#services.keys(),
      service: (key) => this.#services.get(key),
      slicesOf: (key) => [this.#slices.get(key) ?? slice(0, 2)],
    });
  }

  /** One of its endpoints is another pod from now on. */
  change(n: number): void {
    const key = `default/service-${n}`;
    this.#slices.set(key, slice(n, 3 + (Math.floor(performance.now()) % 200)));
    this.#catalog.onChange(key);
  }

  async sync(backend: ProxyBackend): Promise<number> {
    const startedMs = performance.now();
    this.#catalog.refresh({ name: 'n1', zone: '' });
    await backend.sync({ facts: this.#facts, ports: this.#catalog.ports() });
    return performance.now() - startedMs;
  }
}

function slice(n: number, last: number): EndpointSlice {
  return {
    metadata: {},
    ...{ addressType: 'IPv4', ports: [{ name: '', port: 8080, protocol: 'TCP' }] },
    endpoints: [1, last].map((host) => ({ addresses: [`10.${n >> 8}.${n & 255}.${host}`] })),
  };
}

const sizes = process.argv
  .slice(2)
  .map(Number)
  .filter((size) => size > 0);
await main(sizes.length === 0 ? sizesDefault : sizes);
