import { join } from 'node:path';
import {
  createFile,
  listNames,
  makeDirectory,
  readTextIfPresent,
  removeTree,
} from '../../../../../host/state-files.js';
import {
  bitsOf,
  type Cidr,
  formatCidr,
  formatIp,
  networkOf,
  parseCidr,
} from '../../../../machinery/ip-address.js';
import { RuntimeError } from '../../runtime-error.js';

/** A network that pods have addresses of. */
export type Subnet = Cidr;

/** Of larger networks only the first addresses are given out: a node has far fewer pods. */
const hostBitsMax = 16;

/** Reads `10.244.1.0/24` or `fd00:1::/64`; null when it is none, or too small for a gateway and a pod. */
export function parseSubnet(cidr: string): Subnet | null {
  const parsed = parseCidr(cidr.trim());
  if (parsed === null || bitsOf(parsed.address) - parsed.prefixLength < 3) return null;
  return { address: networkOf(parsed), prefixLength: parsed.prefixLength };
}

/** The address at a place of a network: 0 is the network itself, 1 its gateway. */
export function addressAt({ address }: Subnet, index: number): string {
  return formatIp({ version: address.version, value: address.value + BigInt(index) });
}

/**
 * Addresses of a network that sandboxes hold, each a file of the address's name: the file system decides who is first, and
 * a node that starts again knows what is taken. The place after the last one given is tried first, so that an address rests
 * before it has another owner.
 */
export class AddressPool {
  readonly #directory: string;
  /** By network. */
  readonly #nextIndex = new Map<string, number>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Rejects with RuntimeError when all are taken. */
  async take(subnet: Subnet, owner: string): Promise<string> {
    await makeDirectory(this.#directory);
    const name = formatCidr(subnet);
    const next = this.#nextIndex.get(name) ?? 2;
    const hostBits = Math.min(bitsOf(subnet.address) - subnet.prefixLength, hostBitsMax);
    const count = 2 ** hostBits - 3;
    for (let tried = 0; tried < count; tried += 1) {
      const index = 2 + ((next - 2 + tried) % count);
      const address = addressAt(subnet, index);
      if (!(await createFile(join(this.#directory, address), owner))) continue;
      this.#nextIndex.set(name, index + 1);
      return address;
    }
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
