import { qosClassOf } from '../../api/core-v1/pod/qos.js';
import type { Container, Pod } from '../../api/gen/core-v1.js';
import { Quantity } from '../../machinery/quantity.js';
import type { LinuxResources } from '../runtime/container-runtime.js';

const sharesPerCpu = 1024;
const sharesMin = 2;
const sharesMax = 262_144;
const quotaMinUs = 1000;
const periodUs = 100_000;
const oomOfGuaranteed = -997;
const oomOfBestEffort = 1000;
/** Pods of this priority and more are what the node needs. */
const nodeCriticalPriority = 2_000_001_000;

/** The limits that the kernel puts on a container, from what it asks for. Pure. */
export function linuxResources(
  pod: Pod,
  { resources = {} }: Container,
  node: { readonly memoryBytes: number; readonly hasCpuQuota: boolean },
): LinuxResources {
  const { limits = {}, requests = {} } = resources;
  const cpu = requests.cpu ?? limits.cpu;
  const limit = limits.cpu === undefined ? 0 : milli(limits.cpu);
  const memory = limits.memory === undefined ? 0 : bytes(limits.memory);
  return {
    cpuShares: cpuShares(cpu === undefined ? 0 : milli(cpu)),
    cpuQuotaUs: limit === 0 || !node.hasCpuQuota ? null : quota(limit),
    cpuPeriodUs: periodUs,
    memoryLimitBytes: memory === 0 ? null : memory,
    oomScoreAdj: oomScore(pod, bytes(requests.memory ?? limits.memory ?? '0'), node.memoryBytes),
    hugepageLimits: hugepages(limits),
  };
}

/** The weight of a container's processor time. */
export function cpuShares(milliCpu: number): number {
  if (milliCpu === 0) return sharesMin;
  const shares = Math.floor((milliCpu * sharesPerCpu) / 1000);
  return Math.min(sharesMax, Math.max(sharesMin, shares));
}

function quota(milliCpu: number): number {
  return Math.max(quotaMinUs, Math.floor((milliCpu * periodUs) / 1000));
}

/** Whom the kernel ends first when memory runs out: who uses more than was asked for, and who asked for little. */
function oomScore({ spec = {} }: Pod, requestBytes: number, memoryBytes: number): number {
  if ((spec.priority ?? 0) >= nodeCriticalPriority) return oomOfGuaranteed;
  const qos = qosClassOf(spec);
  if (qos === 'Guaranteed') return oomOfGuaranteed;
  if (qos === 'BestEffort') return oomOfBestEffort;
  const score = 1000 - Math.floor((1000 * requestBytes) / Math.max(1, memoryBytes));
  return Math.min(oomOfBestEffort - 1, Math.max(1000 + oomOfGuaranteed, score));
}

function hugepages(limits: Readonly<Record<string, string | number>>): Record<string, number> {
  const prefix = 'hugepages-';
  return Object.fromEntries(
    Object.entries(limits)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, amount]) => [`${name.slice(prefix.length).replace(/i$/, '')}B`, bytes(amount)]),
  );
}

function milli(amount: string | number): number {
  return Number(Quantity.parse(String(amount)).milliValue());
}

function bytes(amount: string | number): number {
  return Number(Quantity.parse(String(amount)).value());
}
