/**
 * How long it takes to bring a node's rules up to date: `node --expose-gc dist/bench/control/proxy.js [MODE...] [SERVICES...]`, as root. All
 * rules at once, after one endpoint of one service changed and after one service came (medians of 9); plan, program and kernel together,
 * in a network namespace of its own; of mode ipvs the plan alone. Every service has one port with a cluster IP and 10 endpoints, the first 2,700 a node port. The
 * last column is what the plan holds in memory.
 */
import { performance } from 'node:perf_hooks';
import type { Service } from '../../src/control/api/gen/core-v1.js';
import type { EndpointSlice } from '../../src/control/api/gen/discovery-v1.js';
import {
  IptablesBackend,
  IpvsBackend,
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

/** Stands for programs of a kernel that has IPVS, which this one need not: what is measured is the plan, and what is handed to them. */
const plannedOnly: RunCommand = () => Promise.resolve({ exitCode: 0, stdout: '', stderr: '' });

const modes = {
  nftables: (run: RunCommand) => new NftablesBackend({ run, family: 4 }),
  iptables: (run: RunCommand) => new IptablesBackend({ run, family: 4 }),
  ipvs: () =>
    new IpvsBackend({
      ...{ run: plannedOnly, family: 4, machineAddresses: async () => ['192.0.2.1'] },
      settings: {
        ...{ scheduler: 'rr', strictArp: false, excludeCidrs: [] },
        ...{ tcpTimeoutSeconds: 0, tcpFinTimeoutSeconds: 0, udpTimeoutSeconds: 0 },
      },
    }),
} satisfies Record<string, (run: RunCommand) => ProxyBackend>;

type Mode = keyof typeof modes;

async function main(wanted: readonly string[], sizes: readonly number[]): Promise<void> {
  const rows: ResultRow[] = [];
  for (const mode of Object.keys(modes) as Mode[]) {
    if (wanted.length > 0 && !wanted.includes(mode)) continue;
    for (const services of sizes) rows.push(...(await measure(mode, services)));
  }
  printRows(rows);
}

async function measure(mode: Mode, services: number): Promise<readonly ResultRow[]> {
  const namespace = `flt-bench-${process.pid}`;
  const ip = (...args: string[]) => runToSuccess(runCommand, { command: 'ip', args });
  await ip('netns', 'add', namespace);
  try {
    const within = withinNamespace(runCommand, namespace);
    const cluster = new BenchCluster(services);
    const backend = modes[mode]((line) => within({ ...line, timeoutMs }));
    const bytesBefore = heapBytes();
    const full = await cluster.sync(backend);
    const heldMb = (heapBytes() - bytesBefore) / 2 ** 20;
    const changes = await times(cluster, backend, (n) => cluster.change((n * 7919) % services));
    const additions = await times(cluster, backend, () => cluster.add());
    const name = `${mode}, ${services} services`;
    return [
      { name: `${name}: all`, p50Ms: full, note: `${heldMb.toFixed(1)} MiB` },
      { name: `${name}: an endpoint changed`, ...changes },
      { name: `${name}: a service came`, ...additions },
    ];
  } finally {
    await ip('netns', 'del', namespace);
  }
}

async function times(
  cluster: BenchCluster,
  backend: ProxyBackend,
  change: (n: number) => void,
): Promise<{ readonly p50Ms: number; readonly maxMs: number }> {
  const found: number[] = [];
  for (let n = 0; n < repeats; n++) {
    change(n);
    found.push(await cluster.sync(backend));
  }
  found.sort((a, b) => a - b);
  return { p50Ms: found[repeats >> 1] ?? 0, maxMs: found.at(-1) ?? 0 };
}

function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
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

  #changes = 0;

  constructor(services: number) {
    this.#catalog = new ServiceCatalog({
      serviceKeys: () => this.#services.keys(),
      service: (key) => this.#services.get(key),
      slicesOf: (key) => [this.#slices.get(key) ?? slice(0, 0)],
    });
    for (let n = 0; n < services; n++) this.add();
  }

  add(): void {
    const n = this.#services.size;
    const name = `service-${n}`;
    const ports = [{ port: 80, ...(n < 2700 ? { nodePort: 30_000 + n } : {}) }];
    const clusterIP = `10.96.${n >> 8}.${n & 255}`;
    const key = `default/${name}`;
    this.#services.set(key, {
      metadata: { namespace: 'default', name },
      spec: { type: 'NodePort', clusterIP, ports },
    });
    this.#slices.set(key, slice(n, 0));
    this.#catalog.onChange(key);
  }

  /** One of its endpoints is another pod from now on. */
  change(n: number): void {
    const key = `default/service-${n}`;
    this.#slices.set(key, slice(n, ++this.#changes));
    this.#catalog.onChange(key);
  }

  async sync(backend: ProxyBackend): Promise<number> {
    const startedMs = performance.now();
    this.#catalog.refresh({ name: 'n1', zone: '' });
    await backend.sync({ facts: this.#facts, ports: this.#catalog.ports() });
    return performance.now() - startedMs;
  }
}

/** Ten endpoints; the first of them is another one for each `first`. */
function slice(n: number, first: number): EndpointSlice {
  const hosts = [100 + (first % 100), ...Array.from({ length: 9 }, (_, at) => at + 1)];
  return {
    metadata: {},
    ...{ addressType: 'IPv4', ports: [{ name: '', port: 8080, protocol: 'TCP' }] },
    endpoints: hosts.map((host) => ({ addresses: [`10.${n >> 8}.${n & 255}.${host}`] })),
  };
}

const words = process.argv.slice(2);
const sizes = words.map(Number).filter((size) => size > 0);
const wanted = words.filter((word) => Number.isNaN(Number(word)) && !word.startsWith('--'));
await main(wanted, sizes.length === 0 ? sizesDefault : sizes);
