import { join } from 'node:path';
import {
  createFile,
  listNames,
  makeDirectory,
  readTextIfPresent,
  removeTree,
} from '../../../../../host/state-files.js';
import { RuntimeError } from '../../runtime-error.js';

/** An IPv4 network: its first address as a number and its prefix length. */
export interface Subnet {
  readonly base: number;
  readonly prefix: number;
}

/** Reads `10.244.1.0/24`; null when it is none, or too small for a gateway and a pod. */
export function parseSubnet(cidr: string): Subnet | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr.trim());
  if (match === null) return null;
  const octets = match.slice(1, 5).map(Number);
  const prefix = Number(match[5]);
  if (octets.some((octet) => octet > 255) || prefix > 29) return null;
  const address = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const size = 2 ** (32 - prefix);
  return { base: address - (address % size), prefix };
}

/** The address at a place of a network: 0 is the network itself, 1 its gateway. */
export function addressAt(subnet: Subnet, index: number): string {
  const value = subnet.base + index;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

/**
 * Addresses of a network that sandboxes hold, each a file of the address's name: the file system decides who is first, and
 * a node that starts again knows what is taken. The place after the last one given is tried first, so that an address rests
 * before it has another owner.
 */
export class AddressPool {
  readonly #directory: string;
  #nextIndex = 2;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Rejects with RuntimeError when all are taken. */
  async take(subnet: Subnet, owner: string): Promise<string> {
    await makeDirectory(this.#directory);
    const count = 2 ** (32 - subnet.prefix) - 3;
    for (let tried = 0; tried < count; tried += 1) {
      const index = 2 + ((this.#nextIndex - 2 + tried) % count);
      const address = addressAt(subnet, index);
      if (!(await createFile(join(this.#directory, address), owner))) continue;
      this.#nextIndex = index + 1;
      return address;
    }
    const name = `${addressAt(subnet, 0)}/${subnet.prefix}`;
    throw new RuntimeError('failed', `no addresses of ${name} are left on this node`);
  }

  /** Gives back what an owner holds. */
  async release(owner: string): Promise<void> {
    for (const address of await listNames(this.#directory)) {
      const path = join(this.#directory, address);
      if ((await readTextIfPresent(path)) === owner) await removeTree(path);
    }
  }
}
