import { hasUntoleratedTaint } from '../tolerations.js';
import type { ClaimNeeds, DeviceNeed } from './claim-needs.js';
import { ConstraintState } from './device-constraints.js';
import type { DevicePool, PoolDevice } from './device-pools.js';
import { type DeviceSelectors, SelectorError } from './device-selector.js';
import { SharedCounters } from './shared-counters.js';

/** Devices for a way to satisfy a request. */
export interface ChosenDevices {
  readonly need: DeviceNeed;
  readonly devices: readonly PoolDevice[];
}

/** Why there is no answer, other than that there are no devices. */
export class SearchError extends Error {
  override readonly name = 'SearchError';
}

/** A claim has no room for more results. */
const devicesMax = 32;
/** So often a device is tried at most. What is not found by then is taken not to be there. */
const stepsMax = 100_000;

/** What a search has to choose from. */
export interface SearchField {
  readonly pools: readonly DevicePool[];
  readonly selectors: DeviceSelectors;
  /** Somebody uses it, and not just looks at it. */
  readonly isTaken: (device: PoolDevice) => boolean;
}

/**
 * Devices for all claims, of the devices that one node reaches: for each claim, for each of its requests, one way and its devices. Null: there
 * are none. Goes through requests in order and takes back what leads nowhere. Throws {@link SearchError}.
 */
export function searchDevices(
  claims: readonly ClaimNeeds[],
  field: SearchField,
): readonly (readonly ChosenDevices[])[] | null {
  return new Search(claims, field).run();
}

interface Candidate {
  readonly pool: DevicePool;
  readonly device: PoolDevice;
}

class Search {
  readonly #claims: readonly ClaimNeeds[];
  readonly #field: SearchField;
  readonly #counters: SharedCounters;
  readonly #constraints: readonly (readonly ConstraintState[])[];
  /** Ids of devices that this search has taken. */
  readonly #taken = new Set<string>();
  readonly #candidates = new Map<DeviceNeed, readonly Candidate[]>();
  readonly #chosen: ChosenDevices[][];
  #steps = 0;

  constructor(claims: readonly ClaimNeeds[], field: SearchField) {
    this.#claims = claims;
    this.#field = field;
    this.#counters = new SharedCounters(field.isTaken);
    this.#chosen = claims.map(() => []);
    this.#constraints = claims.map(({ claim }) =>
      (claim.spec?.devices?.constraints ?? []).map((each) => new ConstraintState(each)),
    );
  }

  run(): readonly (readonly ChosenDevices[])[] | null {
    return this.#place(0, 0) ? this.#chosen : null;
  }

  /** Finds devices for the request and all after it. */
  #place(claimAt: number, requestAt: number): boolean {
    const claim = this.#claims[claimAt];
    if (claim === undefined) return true;
    const ways = claim.requests[requestAt];
    if (ways === undefined) return this.#place(claimAt + 1, 0);
    for (const need of ways) {
      const candidates = this.#candidatesOf(claim, need);
      const count = need.count ?? candidates.length;
      if (count === 0 || candidates.length < count) continue;
      const chosen = this.#chosen[claimAt] ?? [];
      const used = chosen.reduce((sum, { devices }) => sum + devices.length, 0);
      if (used + count > devicesMax) continue;
      const devices: PoolDevice[] = [];
      chosen.push({ need, devices });
      const found = this.#choose(claimAt, { need, candidates, count, devices }, 0, () =>
        this.#place(claimAt, requestAt + 1),
      );
      if (found) return true;
      chosen.pop();
    }
    return false;
  }

  /** Adds devices until there are enough, from the one at `from` on, and goes on with what comes after. */
  #choose(
    claimAt: number,
    wanted: {
      readonly need: DeviceNeed;
      readonly candidates: readonly Candidate[];
      readonly count: number;
      readonly devices: PoolDevice[];
    },
    from: number,
    goOn: () => boolean,
  ): boolean {
    const { need, candidates, count, devices } = wanted;
    const missing = count - devices.length;
    if (missing === 0) return goOn();
    for (let at = from; at + missing <= candidates.length; at++) {
      const candidate = candidates[at];
      if (candidate === undefined || ++this.#steps > stepsMax) return false;
      if (!this.#take(claimAt, need, candidate)) continue;
      devices.push(candidate.device);
      if (this.#choose(claimAt, wanted, at + 1, goOn)) return true;
      devices.pop();
      this.#giveBack(claimAt, need, candidate);
    }
    return false;
  }

  #take(claimAt: number, need: DeviceNeed, { pool, device }: Candidate): boolean {
    const isShared = need.isAdmin;
    if (!isShared && (this.#taken.has(device.id) || this.#field.isTaken(device))) return false;
    const constraints = this.#constraints[claimAt] ?? [];
    for (const [at, constraint] of constraints.entries()) {
      if (constraint.add(need.name, device)) continue;
      for (const before of constraints.slice(0, at)) before.remove(need.name, device);
      return false;
    }
    if (isShared) return true;
    if (!this.#counters.take(pool, device)) {
      for (const constraint of constraints) constraint.remove(need.name, device);
      return false;
    }
    this.#taken.add(device.id);
    return true;
  }

  #giveBack(claimAt: number, need: DeviceNeed, { pool, device }: Candidate): void {
    for (const constraint of this.#constraints[claimAt] ?? []) constraint.remove(need.name, device);
    if (need.isAdmin) return;
    this.#counters.giveBack(pool, device);
    this.#taken.delete(device.id);
  }

  /** The devices that could do, whoever has them. */
  #candidatesOf({ claim }: ClaimNeeds, need: DeviceNeed): readonly Candidate[] {
    const known = this.#candidates.get(need);
    if (known !== undefined) return known;
    const { namespace = '', name = '' } = claim.metadata;
    const candidates: Candidate[] = [];
    for (const pool of this.#field.pools) {
      if (!pool.isComplete) {
        if (need.count !== null) continue;
        const text = `claim ${namespace}/${name}, request ${need.name}: asks for all devices, but resource pool ${pool.driver}/${pool.name} is currently being updated`;
        throw new SearchError(text);
      }
      for (const device of pool.devices) {
        if (this.#canDo(need, device, `claim ${namespace}/${name}`)) {
          candidates.push({ pool, device });
        }
      }
    }
    this.#candidates.set(need, candidates);
    return candidates;
  }

  #canDo({ selectors, tolerations }: DeviceNeed, device: PoolDevice, where: string): boolean {
    const { taints = [], bindingConditions = [], allowMultipleAllocations } = device.device;
    // Both would have to be waited for, or be counted, in ways that are not there.
    if (bindingConditions.length > 0 || allowMultipleAllocations === true) return false;
    if (hasUntoleratedTaint(taints, tolerations)) return false;
    for (const selector of selectors) {
      try {
        if (!this.#field.selectors.matches(selector.expression, device)) return false;
      } catch (error) {
        if (!(error instanceof SelectorError)) throw error;
        throw new SearchError(`${where}: ${selector.where}: device ${device.id}: ${error.message}`);
      }
    }
    return true;
  }
}
