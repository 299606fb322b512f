import type { AllocationResult, ResourceClaim } from '../../../api/gen/resource-v1.js';
import { type Lister, objectKey } from '../../../client/index.js';

interface Flight {
  readonly claim: ResourceClaim;
  /** The version with its devices; null: not written yet. */
  writtenVersion: number | null;
}

/** Claims as they are, and those for which devices were chosen that the informer does not show yet: nobody else is given these. */
export class ClaimsInFlight {
  readonly #lister: Lister<ResourceClaim>;
  readonly #flights = new Map<string, Flight>();

  constructor(lister: Lister<ResourceClaim>) {
    this.#lister = lister;
  }

  /** With its devices, if they were chosen; undefined: there is no such claim. */
  get(key: string): ResourceClaim | undefined {
    const known = this.#lister.byKey(key);
    const flight = this.#flights.get(key);
    if (flight === undefined) return known;
    if (!hasLanded(flight, known)) return known === undefined ? undefined : flight.claim;
    this.#flights.delete(key);
    return known;
  }

  /** Its devices were chosen for another pod, and are not written yet. */
  isUnwritten(key: string): boolean {
    return this.#flights.get(key)?.writtenVersion === null;
  }

  /** All claims with devices. */
  *allocated(): Iterable<ResourceClaim> {
    for (const [key, { claim }] of this.#flights) {
      // One that is gone keeps its devices until its pod lets go of it.
      if ((this.get(key) ?? claim).status?.allocation !== undefined) yield claim;
    }
    for (const claim of this.#lister.all()) {
      const isInFlight = this.#flights.has(objectKey(claim));
      if (!isInFlight && claim.status?.allocation !== undefined) yield claim;
    }
  }

  /** Devices were chosen for a claim. */
  begin(claim: ResourceClaim, allocation: AllocationResult): void {
    const chosen = { ...claim, status: { ...claim.status, allocation } };
    this.#flights.set(objectKey(claim), { claim: chosen, writtenVersion: null });
  }

  /** The API has them. */
  written(claim: ResourceClaim): void {
    const flight = this.#flights.get(objectKey(claim));
    if (flight !== undefined) flight.writtenVersion = Number(claim.metadata.resourceVersion);
  }

  /** What was not written will not be. */
  drop(key: string): void {
    if (this.isUnwritten(key)) this.#flights.delete(key);
  }
}

/** The informer shows what was written, or what came after it. */
function hasLanded({ writtenVersion }: Flight, known: ResourceClaim | undefined): boolean {
  if (writtenVersion === null) return false;
  return known === undefined || Number(known.metadata.resourceVersion) >= writtenVersion;
}
