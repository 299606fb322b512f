import { readFileSync } from 'node:fs';
import { UsageError } from '../usage-error.js';
import type { BenchCommandPlan, BenchFlags } from './flags.js';
import { commonDefaults } from './flags.js';
import { keySizeMin } from './keys.js';
import { fillCalls } from './loads/fill.js';
import { stampBytes } from './loads/put-stamp.js';
import { parseCount, parseRate, parseShare, parseSize, parseTime } from './numbers.js';
import type { LoadSpec, TlsTexts } from './spec.js';

const durationMsDefault = 10_000;
const warmUpMsDefault = 1000;
const countMax = 100_000;

/** Checks a command line and makes the load of it. Throws UsageError. */
export function toSpec(plan: BenchCommandPlan, given: Partial<BenchFlags>): LoadSpec {
  const flags = { ...commonDefaults, ...plan.defaults, ...given } as BenchFlags;
  const tls = tlsOf(flags);
  const endpoints = endpointsOf(flags.endpoints, tls !== null);
  const processes = parseCount('--processes', flags.processes, 1);
  const spec: LoadSpec = {
    kind: plan.kind,
    endpoints,
    tls,
    channel: flags.channel === 'grpc-js' ? 'grpc-js' : 'http2',
    isLeaderOnly: flags.targetLeader === true,
    connections: parseCount('--conns', flags.conns, 0) || endpoints.length * processes,
    clients: parseCount('--clients', flags.clients, 1),
    ratePerSecond: flags.rate === undefined ? null : parseRate('--rate', flags.rate),
    ...extentOf(flags),
    timeoutMs: parseTime('--timeout', flags.timeout),
    processes,
    keySizeBytes: parseSize('--key-size', flags.keySize),
    valueSizeBytes: parseSize('--value-size', flags.valueSize),
    keySpace: parseCount('--key-space', flags.keySpace, 1),
    isSequential: flags.sequentialKeys === true,
    keyOffset: 0,
    keyStride: 1,
    seed: parseCount('--seed', flags.seed, 0),
    isSerializable: flags.serializable === true,
    readShare: parseShare('--reads', flags.reads),
    putsPerTxn: parseCount('--puts', flags.puts, 1),
    watchers: parseCount('--watchers', flags.watchers, 1),
    leaseMode: flags.mode === 'once' ? 'once' : 'stream',
  };
  check(spec);
  if (spec.kind !== 'fill') return spec;
  if (given.total !== undefined || given.duration !== undefined) {
    throw new UsageError('fill: it ends when all keys are written; give --key-space');
  }
  return { ...spec, durationMs: null, warmUpMs: 0, total: fillCalls(spec) };
}

/** What ends the measurement, and what precedes it. */
function extentOf(flags: BenchFlags): Pick<LoadSpec, 'durationMs' | 'total' | 'warmUpMs'> {
  if (flags.total !== undefined && flags.duration !== undefined) {
    throw new UsageError('--total and --duration: give one of them');
  }
  const total = flags.total === undefined ? null : parseCount('--total', flags.total, 1);
  const durationMs =
    flags.duration === undefined ? durationMsDefault : parseTime('--duration', flags.duration);
  if (durationMs <= 0) throw new UsageError('--duration: give a time above 0');
  const warmUpDefaultMs = total === null ? warmUpMsDefault : 0;
  return {
    total,
    durationMs: total === null ? durationMs : null,
    warmUpMs: flags.warmup === undefined ? warmUpDefaultMs : parseTime('--warmup', flags.warmup),
  };
}

/** What does not go together. */
function check(spec: LoadSpec): void {
  const { keySizeBytes, keySpace, processes, clients, connections, total } = spec;
  const sizeMin = keySizeMin(keySpace);
  if (keySizeBytes < sizeMin) {
    const text = `--key-size: ${keySizeBytes} bytes cannot tell ${keySpace} keys apart`;
    throw new UsageError(`${text}; give ${sizeMin} or more, or a smaller --key-space`);
  }
  if (spec.kind === 'watch' && spec.valueSizeBytes < stampBytes) {
    throw new UsageError(
      `--value-size: watched values carry their time; give ${stampBytes} or more`,
    );
  }
  if (spec.kind === 'txn' && spec.putsPerTxn > keySpace) {
    throw new UsageError(`--puts: a transaction puts no key twice; give ${keySpace} or fewer`);
  }
  if (spec.timeoutMs <= 0) throw new UsageError('--timeout: give a time above 0');
  for (const [flag, count] of Object.entries({ '--clients': clients, '--conns': connections })) {
    if (count > countMax) throw new UsageError(`${flag}: ${count} is more than ${countMax}`);
  }
  const shared = { '--clients': clients, '--conns': connections, '--total': total ?? processes };
  for (const [flag, count] of Object.entries(shared)) {
    if (count < processes) {
      throw new UsageError(`${flag}: ${count} cannot be shared by ${processes} processes`);
    }
  }
}

function endpointsOf(list: string, isTls: boolean): string[] {
  const endpoints = list
    .split(',')
    .map((endpoint) => endpoint.trim())
    .filter((endpoint) => endpoint !== '');
  if (endpoints.length === 0) throw new UsageError('--endpoints: names no endpoint');
  return endpoints.map((endpoint) => endpointUrl(endpoint, isTls));
}

function endpointUrl(endpoint: string, isTls: boolean): string {
  if (/^(https?:\/\/|unix:)/.test(endpoint)) return endpoint;
  if (/^(\[[^\]]+\]|[^:/\s]+):\d+$/.test(endpoint))
    return `${isTls ? 'https' : 'http'}://${endpoint}`;
  throw new UsageError(
    `--endpoints: cannot use ${JSON.stringify(endpoint)}; write HOST:PORT or https://HOST:PORT`,
  );
}

function tlsOf({ cacert, cert, key }: BenchFlags): TlsTexts | null {
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError('--cert and --key: give both');
  }
  if (cacert === undefined && cert === undefined) return null;
  return {
    ...(cacert === undefined ? {} : { ca: readPem('--cacert', cacert) }),
    ...(cert === undefined ? {} : { cert: readPem('--cert', cert) }),
    ...(key === undefined ? {} : { key: readPem('--key', key) }),
  };
}

function readPem(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`${flag}: cannot read ${path}`, { cause });
  }
}
