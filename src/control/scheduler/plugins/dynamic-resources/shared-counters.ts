import type { DeviceCounterConsumption } from '../../../api/gen/resource-v1.js';
import { Quantity } from '../../../machinery/quantity.js';
import type { DevicePool, PoolDevice } from './device-pools.js';

/** What is left of what the devices of pools share. */
export class SharedCounters {
  readonly #isTaken: (device: PoolDevice) => boolean;
  /** By pool, then `set/counter`. */
  readonly #left = new Map<DevicePool, Map<string, Quantity>>();

  constructor(isTaken: (device: PoolDevice) => boolean) {
    this.#isTaken = isTaken;
  }

  /** False: there is not enough left, and nothing was taken. */
  take(pool: DevicePool, { device }: PoolDevice): boolean {
    const wanted = amountsOf(device.consumesCounters);
    if (wanted.length === 0) return true;
    const left = this.#leftOf(pool);
    const isEnough = wanted.every(
      ([key, amount]) => (left.get(key) ?? Quantity.zero).compare(amount) >= 0,
    );
    if (isEnough) {
      for (const [key, amount] of wanted) {
        left.set(key, (left.get(key) ?? Quantity.zero).sub(amount));
      }
    }
    return isEnough;
  }

  /** It was taken before. */
  giveBack(pool: DevicePool, { device }: PoolDevice): void {
    const left = this.#leftOf(pool);
    for (const [key, amount] of amountsOf(device.consumesCounters)) {
      left.set(key, (left.get(key) ?? Quantity.zero).add(amount));
    }
  }

  #leftOf(pool: DevicePool): Map<string, Quantity> {
    const known = this.#left.get(pool);
    if (known !== undefined) return known;
    const left = new Map<string, Quantity>();
    for (const [set, { counters = {} }] of pool.counters) {
      for (const [name, { value = '0' }] of Object.entries(counters)) {
        left.set(`${set}/${name}`, Quantity.fromJson(value));
      }
    }
    for (const each of pool.all) {
      if (!this.#isTaken(each)) continue;
      for (const [key, amount] of amountsOf(each.device.consumesCounters)) {
        left.set(key, (left.get(key) ?? Quantity.zero).sub(amount));
      }
    }
    this.#left.set(pool, left);
    return left;
  }
}

function amountsOf(
  consumptions: readonly DeviceCounterConsumption[] = [],
): readonly (readonly [string, Quantity])[] {
  return consumptions.flatMap(({ counterSet, counters = {} }) =>
    Object.entries(counters).map(
      ([name, { value = '0' }]) => [`${counterSet}/${name}`, Quantity.fromJson(value)] as const,
    ),
  );
}
