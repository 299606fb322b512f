import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism, hostname, networkInterfaces, release, totalmem } from 'node:os';

/** What does not change while the machine runs. */
export interface MachineIdentity {
  readonly hostname: string;
  readonly machineId: string;
  readonly systemUuid: string;
  readonly bootId: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  /** As Go names it: `amd64`, `arm64`. */
  readonly architecture: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly swapBytes: number;
  readonly startedAtMs: number;
}

/** How busy the machine is. Counts are since it was started. */
export interface MachineUsage {
  readonly cpuNanoseconds: number;
  readonly memoryTotalBytes: number;
  readonly memoryAvailableBytes: number;
  /** Not free, with what could be given back. */
  readonly memoryUsageBytes: number;
  readonly memoryRssBytes: number;
  readonly pageFaults: number;
  readonly majorPageFaults: number;
  readonly processes: number;
  readonly processesMax: number;
  readonly interfaces: readonly {
    readonly name: string;
    readonly receivedBytes: number;
    readonly receiveErrors: number;
    readonly sentBytes: number;
    readonly sendErrors: number;
  }[];
}

/** A machine, as its kernel tells of it. */
export interface Machine {
  identity(): Promise<MachineIdentity>;
  usage(): Promise<MachineUsage>;
  /** Addresses that others may reach it by, the one of the default route first. */
  addresses(): Promise<readonly string[]>;
}

/** The machine that this process runs on. */
export const hostMachine: Machine = { identity, usage, addresses };

const nanosecondsPerTick = 10_000_000;
const pageBytes = 4096;

async function identity(): Promise<MachineIdentity> {
  const [machineId, uuid, bootId, osRelease, meminfo, stat] = await Promise.all([
    text('/etc/machine-id'),
    text('/sys/class/dmi/id/product_uuid'),
    text('/proc/sys/kernel/random/boot_id'),
    text('/etc/os-release'),
    text('/proc/meminfo'),
    text('/proc/stat'),
  ]);
  const pretty = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(osRelease)?.[1] ?? 'Linux';
  const memory = kilobytes(meminfo, 'MemTotal');
  return {
    hostname: hostname().toLowerCase(),
    machineId,
    systemUuid: uuid === '' ? machineId : uuid,
    bootId,
    kernelVersion: release(),
    osImage: pretty,
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    cpus: availableParallelism(),
    memoryBytes: memory === 0 ? totalmem() : memory,
    swapBytes: kilobytes(meminfo, 'SwapTotal'),
    startedAtMs: Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0) * 1000,
  };
}

async function usage(): Promise<MachineUsage> {
  const [meminfo, stat, vmstat, pidMax, net, entries] = await Promise.all([
    text('/proc/meminfo'),
    text('/proc/stat'),
    text('/proc/vmstat'),
    text('/proc/sys/kernel/pid_max'),
    text('/proc/net/dev'),
    readdir('/proc').catch(() => []),
  ]);
  const total = kilobytes(meminfo, 'MemTotal');
  const count = (name: string) =>
    Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(vmstat)?.[1] ?? 0);
  return {
    cpuNanoseconds: cpuTicks(stat) * nanosecondsPerTick,
    memoryTotalBytes: total,
    memoryAvailableBytes: kilobytes(meminfo, 'MemAvailable'),
    memoryUsageBytes: total - kilobytes(meminfo, 'MemFree'),
    memoryRssBytes: count('nr_anon_pages') * pageBytes,
    pageFaults: count('pgfault'),
    majorPageFaults: count('pgmajfault'),
    processes: entries.filter((name) => /^\d+$/.test(name)).length,
    processesMax: Number(pidMax) || 0,
    interfaces: interfacesOf(net),
  };
}

async function addresses(): Promise<readonly string[]> {
  const device = defaultDevice(await text('/proc/net/route'));
  const found = Object.entries(networkInterfaces()).flatMap(([name, list = []]) =>
    list
      .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
      .map(({ address, family }) => ({ name, address, isV4: family === 'IPv4' })),
  );
  const weight = ({ name, isV4 }: (typeof found)[number]) =>
    (name === device ? 0 : 2) + (isV4 ? 0 : 1);
  const sorted = found.sort((a, b) => weight(a) - weight(b)).map(({ address }) => address);
  return sorted.length === 0 ? ['127.0.0.1'] : sorted;
}

/** The device of the route to everywhere. */
function defaultDevice(routes: string): string {
  for (const line of routes.split('\n')) {
    const [device = '', destination] = line.split('\t');
    if (destination === '00000000') return device;
  }
  return '';
}

/** Time that processors were not idle. */
function cpuTicks(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (
    /^cpu +(.*)$/m.exec(stat)?.[1] ?? ''
  )
    .split(' ')
    .map(Number);
  return user + nice + system + irq + softirq;
}

function interfacesOf(table: string): MachineUsage['interfaces'] {
  return table.split('\n').flatMap((line) => {
    const [name = '', rest] = line.trim().split(':');
    if (rest === undefined || name === 'lo') return [];
    const fields = rest.trim().split(/\s+/).map(Number);
    const [receivedBytes = 0, , receiveErrors = 0, , , , , , sentBytes = 0, , sendErrors = 0] =
      fields;
    return [{ name, receivedBytes, receiveErrors, sentBytes, sendErrors }];
  });
}

function kilobytes(meminfo: string, name: string): number {
  return Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0) * 1024;
}

/** '' when it cannot be read. */
async function text(path: string): Promise<string> {
  const content = await readFile(path, 'utf8').catch(() => '');
  return content.trim();
}
