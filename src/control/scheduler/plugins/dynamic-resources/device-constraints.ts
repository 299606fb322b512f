import type { DeviceAttribute, DeviceConstraint } from '../../../api/gen/resource-v1.js';
import type { PoolDevice } from './device-pools.js';
import { qualifiedName } from './device-selector.js';

/** What must hold of the devices of a claim together. Devices are taken in and given back in any order. */
export class ConstraintState {
  readonly #attribute: string;
  readonly #mustDiffer: boolean;
  readonly #requests: readonly string[];
  /** How many devices have each value. */
  readonly #values = new Map<string, number>();

  constructor({ matchAttribute, distinctAttribute, requests = [] }: DeviceConstraint) {
    this.#attribute = matchAttribute ?? distinctAttribute ?? '';
    this.#mustDiffer = matchAttribute === undefined;
    this.#requests = requests;
  }

  /** False: it does not fit to those that were taken in, and is not taken in. */
  add(need: string, device: PoolDevice): boolean {
    if (!this.#concerns(need)) return true;
    const value = valueText(device, this.#attribute);
    if (value === null) return false;
    const count = this.#values.get(value) ?? 0;
    const fits = this.#mustDiffer ? count === 0 : this.#values.size === 0 || count > 0;
    if (fits) this.#values.set(value, count + 1);
    return fits;
  }

  /** It was taken in. */
  remove(need: string, device: PoolDevice): void {
    const value = this.#concerns(need) ? valueText(device, this.#attribute) : null;
    if (value === null) return;
    const count = this.#values.get(value) ?? 0;
    if (count <= 1) this.#values.delete(value);
    else this.#values.set(value, count - 1);
  }

  /** Constraints name requests, or single ways to satisfy them; without names they concern all. */
  #concerns(need: string): boolean {
    const requests = this.#requests;
    return requests.length === 0 || requests.includes(need) || requests.includes(parentOf(need));
  }
}

/** The request that a way belongs to. */
export function parentOf(need: string): string {
  const slash = need.indexOf('/');
  return slash < 0 ? need : need.slice(0, slash);
}

/** Null: it says nothing of the attribute. */
function valueText({ driver, device }: PoolDevice, attribute: string): string | null {
  const attributes = device.attributes ?? {};
  const { domain, name } = qualifiedName(driver, attribute);
  const value: DeviceAttribute | undefined =
    attributes[attribute] ?? (domain === driver ? attributes[name] : undefined);
  return value === undefined ? null : JSON.stringify(value);
}
