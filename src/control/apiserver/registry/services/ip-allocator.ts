import type { Prng } from '../../../../base/prng.js';
import { formatIp, parseIp } from '../../../machinery/ip-address.js';
import type { KubeObject } from '../../../machinery/object.js';
import { StatusError } from '../../../machinery/status.js';
import type { ServerWrites } from '../server-writes.js';
import type { ServiceRange } from './service-range.js';

/** Who an address is for. */
export interface AddressOwner {
  readonly namespace: string;
  readonly name: string;
}

/** An address cannot be given; the text is the API's. */
export class AllocationError extends Error {
  override readonly name = 'AllocationError';
}

/** Kubernetes' object of an address in use: its name is the address, so that there can be only one. */
const addresses = { group: 'networking.k8s.io', resource: 'ipaddresses' };
const managedByLabel = 'ipaddress.kubernetes.io/managed-by';
const familyLabel = 'ipaddress.kubernetes.io/ip-family';
const manager = 'ipallocator.k8s.io';
/** Addresses that are tried before the range is taken for full. */
const attemptsMax = 4096;

/**
 * Gives addresses of one range to Services. An address is taken by creating its IPAddress, which succeeds once, however many replicas
 * try.
 */
export class IpAllocator {
  readonly range: ServiceRange;
  readonly #writes: ServerWrites;
  readonly #prng: Prng;
  /** Addresses in use as far as is known here; spares most vain tries. */
  readonly #known = new Set<string>();

  constructor(range: ServiceRange, writes: ServerWrites, prng: Prng) {
    this.range = range;
    this.#writes = writes;
    this.#prng = prng;
  }

  /** An IPAddress came or went; those of other ranges may be told, too. */
  onAddress(address: string, isTaken: boolean): void {
    if (isTaken) this.#known.add(address);
    else this.#known.delete(address);
  }

  /** Takes the address that a Service asks for. Throws AllocationError. */
  async allocate(text: string, owner: AddressOwner): Promise<string> {
    const ip = parseIp(text);
    if (ip === null || !this.range.contains(ip.address)) {
      throw new AllocationError(
        `the provided IP (${text}) is not in the valid range. The range of valid IPs is ${this.range}`,
      );
    }
    const address = formatIp(ip.address);
    if (!(await this.#take(address, owner))) {
      throw new AllocationError('provided IP is already allocated');
    }
    return address;
  }

  /** Takes a free address: of the upper part of the range first. Throws AllocationError when there is none. */
  async allocateNext(owner: AddressOwner): Promise<string> {
    const { range } = this;
    const start = range.dynamicStart;
    const parts = [
      { from: start, size: range.size - start },
      { from: 0n, size: start },
    ];
    for (const { from, size } of parts) {
      if (size === 0n) continue;
      const first = this.#prng.uint64() % size;
      for (let step = 0n; step < size && step < attemptsMax; step++) {
        const address = range.at(from + ((first + step) % size));
        if (!this.#known.has(address) && (await this.#take(address, owner))) return address;
      }
    }
    throw new AllocationError('range is full');
  }

  /** Gives an address back; no matter if it was not taken. */
  async release(address: string): Promise<void> {
    await this.#writes.remove({ resource: addresses, namespace: '', name: address });
    this.#known.delete(address);
  }

  async #take(address: string, { namespace, name }: AddressOwner): Promise<boolean> {
    const object = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IPAddress',
      metadata: {
        name: address,
        labels: { [familyLabel]: this.range.family, [managedByLabel]: manager },
      },
      spec: { parentRef: { group: '', resource: 'services', namespace, name } },
    } as KubeObject;
    try {
      await this.#writes.create(addresses, '', object);
      this.#known.add(address);
      return true;
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
      this.#known.add(address);
      return false;
    }
  }
}
