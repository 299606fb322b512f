import type { Prng } from '../../../../base/prng.js';
import type { KubeObject } from '../../../machinery/object.js';
import type { ObjectStorage } from '../../storage/contracts.js';
import { AllocationError } from './ip-allocator.js';

/** The ports of nodes that Services may have, both ends included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Kubernetes' object for ports in use: a bitmap under one key, changed by compare and swap. */
interface RangeAllocation extends KubeObject {
  range: string;
  /** Base64 of a bitmap: bit n of the number stands for port first + n. */
  data: string;
}

/** The name of the object that has the node ports. */
export const nodePortsName = 'servicenodeports';
/** Kubernetes keeps a lower band for ports that are asked for by number. */
const staticPorts = (size: number): number => Math.min(Math.max(16, Math.ceil(size / 32)), 128);

/** Reads `30000-32767`, `30000+100` or `30000`; null for what is none. */
export function parsePortRange(text: string): PortRange | null {
  const match = /^\s*(\d{1,5})(?:([-+])(\d{1,5}))?\s*$/.exec(text);
  if (match === null) return null;
  const first = Number(match[1]);
  const second = Number(match[3] ?? first);
  const last = match[2] === '+' ? first + second : second;
  return first >= 1 && last <= 65_535 && first <= last ? { first, last } : null;
}

/** Gives node ports to Services; no two have one, however many replicas there are. */
export class PortAllocator {
  readonly range: PortRange;
  readonly #storage: ObjectStorage;
  readonly #prng: Prng;

  constructor(range: PortRange, storage: ObjectStorage, prng: Prng) {
    this.range = range;
    this.#storage = storage;
    this.#prng = prng;
  }

  /** Takes the ports that are asked for, and free ones for `count` more; all or none. Throws AllocationError for the first bad one. */
  async allocate(asked: readonly number[], count: number): Promise<readonly number[]> {
    for (const port of asked) this.#checkRange(port);
    let free: number[] = [];
    await this.#change((taken) => {
      for (const port of asked) {
        if (taken.has(port)) throw new TakenPortError(port);
        taken.add(port);
      }
      free = this.#pick(taken, count);
      for (const port of free) taken.add(port);
    });
    return free;
  }

  async release(ports: readonly number[]): Promise<void> {
    if (ports.length === 0) return;
    await this.#change((taken) => {
      for (const port of ports) taken.delete(port);
    });
  }

  /** The ports that are taken now. */
  async taken(): Promise<ReadonlySet<number>> {
    const { items } = await this.#storage.list({
      namespace: '',
      name: nodePortsName,
      freshness: { at: 'latest' },
      filter: null,
      limit: 0,
      afterKey: '',
    });
    return this.#decode(items[0]?.object as RangeAllocation | undefined);
  }

  #checkRange(port: number): void {
    const { first, last } = this.range;
    if (port >= first && port <= last) return;
    throw new TakenPortError(
      port,
      `provided port is not in the valid range. The range of valid ports is ${first}-${last}`,
    );
  }

  #pick(taken: ReadonlySet<number>, count: number): number[] {
    const { first, last } = this.range;
    const size = last - first + 1;
    const start = staticPorts(size) < size ? staticPorts(size) : 0;
    const picked: number[] = [];
    const parts = [
      { from: first + start, length: size - start },
      { from: first, length: start },
    ];
    for (const { from, length } of parts) {
      if (length === 0) continue;
      const offset = this.#prng.int(0, length);
      for (let step = 0; step < length && picked.length < count; step++) {
        const port = from + ((offset + step) % length);
        if (!taken.has(port)) picked.push(port);
      }
    }
    if (picked.length < count) throw new AllocationError('range is full');
    return picked;
  }

  async #change(change: (taken: Set<number>) => void): Promise<void> {
    await this.#storage.update(
      '',
      nodePortsName,
      async (current) => {
        const taken = this.#decode(current as RangeAllocation | undefined);
        change(taken);
        return { object: this.#encode(current, taken), ttlSeconds: null };
      },
      { preconditions: {}, mayCreate: true },
    );
  }

  #decode(current: RangeAllocation | undefined): Set<number> {
    const bits = Buffer.from(current?.data ?? '', 'base64');
    const [begin = ''] = (current?.range ?? '').split('-');
    const first = begin === '' ? this.range.first : Number(begin);
    const taken = new Set<number>();
    for (const [at, byte] of bits.entries()) {
      for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) taken.add(first + at * 8 + bit);
    }
    return taken;
  }

  #encode(current: KubeObject | undefined, taken: ReadonlySet<number>): RangeAllocation {
    const { first, last } = this.range;
    const bits = new Uint8Array(Math.ceil((last - first + 1) / 8));
    for (const port of taken) {
      const at = port - first;
      if (at >= 0 && at <= last - first) bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
    }
    return {
      apiVersion: 'v1',
      kind: 'RangeAllocation',
      metadata: { ...(current?.metadata ?? { name: nodePortsName }) },
      range: `${first}-${last}`,
      data: Buffer.from(bits).toString('base64'),
    };
  }
}

/** A port that cannot be given, and why. */
export class TakenPortError extends AllocationError {
  readonly port: number;

  constructor(port: number, text = 'provided port is already allocated') {
    super(text);
    this.port = port;
  }
}
