import { networkInterfaces } from 'node:os';
import { readTextFile } from '../../host/text-file.js';

/** An IPv4 network as numbers. */
interface Range {
  readonly first: number;
  readonly last: number;
}

/** IPv4 networks that the machine has routes to, its default route left out; those over one device may be left out too. */
export async function networksOfMachine(exceptDevice?: string): Promise<readonly Range[]> {
  const routes = await readTextFile('/proc/net/route').catch(() => '');
  const ranges = routes
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.split('\t');
      const [device, destination = '', , , , , , mask = ''] = fields;
      if (device === exceptDevice || Number.parseInt(mask, 16) === 0 || mask === '') return [];
      const first = fromLittleEndian(destination);
      return [{ first, last: first + (0xffffffff - fromLittleEndian(mask)) }];
    });
  const addresses = Object.entries(networkInterfaces())
    .filter(([device]) => device !== exceptDevice)
    .flatMap(([, list = []]) => list.filter(({ family }) => family === 'IPv4'))
    .map(({ address }) => rangeOf(`${address}/32`));
  return [...ranges, ...addresses];
}

/** Whether a network has addresses in common with some of the others. Networks of IPv6 have none: theirs are random. */
export function overlapsAny(cidr: string, others: readonly Range[]): boolean {
  if (cidr.includes(':')) return false;
  const { first, last } = rangeOf(cidr);
  return others.some((other) => first <= other.last && other.first <= last);
}

function fromLittleEndian(hex: string): number {
  return Buffer.from(hex, 'hex').readUInt32LE();
}

function rangeOf(cidr: string): Range {
  const [address = '', length = '32'] = cidr.split('/');
  const value = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const size = 2 ** (32 - Number(length));
  const first = value - (value % size);
  return { first, last: first + size - 1 };
}
