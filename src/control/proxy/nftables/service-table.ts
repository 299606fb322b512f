import { type NftObject, type NftTable, nftTable, objectKey } from '../../dataplane/nft-table.js';
import type { NodeFacts } from '../model/node-facts.js';
import type { ServicePortView } from '../model/service-port.js';
import { baseObjects } from './base-chains.js';
import { tableName } from './object-names.js';
import { type PortFragment, planPort, type SharedEntry } from './plan-port.js';
import { type SharedSet, sharedSetSpecs } from './shared-sets.js';
import { ipWord } from './words.js';

/** Parts of the table that differ, as they were and as they are. */
export interface ServiceTableChange {
  readonly before: NftTable;
  readonly after: NftTable;
}

/**
 * The table of a node: a function of its services and of what is known of the node. It takes up changes at a cost that does not grow with
 * what did not change, but for looking at each port once.
 */
export class ServiceTable {
  readonly #facts: NodeFacts;
  readonly #fragments = new Map<ServicePortView, PortFragment>();
  /** Who wants an element of a shared set, by set and key. Invariant: no empty lists. */
  readonly #claims = new Map<SharedSet, Map<string, Claim[]>>();
  /** Chains and sets that fragments have, each with the number of those. */
  readonly #objects = new Map<string, { object: NftObject; uses: number }>();

  constructor(facts: NodeFacts) {
    this.#facts = facts;
  }

  /** Takes the ports for those that there are from now on; an object that was there before stands for what it stood for. */
  update(ports: readonly ServicePortView[]): ServiceTableChange {
    const touched: Touched = { objects: new Map(), entries: new Map() };
    const present = new Set(ports);
    for (const [port, fragment] of this.#fragments) {
      if (present.has(port)) continue;
      this.#remove(fragment, touched);
      this.#fragments.delete(port);
    }
    for (const port of present) {
      if (this.#fragments.has(port)) continue;
      const fragment = planPort(port, this.#facts);
      this.#add(fragment, touched);
      this.#fragments.set(port, fragment);
    }
    return this.#changeOf(touched);
  }

  /** All of the table as it is now. */
  whole(): NftTable {
    const entries = (set: SharedSet) =>
      [...(this.#claims.get(set) ?? [])].flatMap(([, claims]) => winner(claims) ?? []);
    return this.#table([
      ...this.#sharedSets(entries),
      ...baseObjects(this.#facts),
      ...[...this.#objects.values()].map(({ object }) => object),
    ]);
  }

  #add({ rank, objects, entries }: PortFragment, touched: Touched): void {
    for (const object of objects) {
      const key = objectKey(object);
      this.#touchObject(key, touched);
      const uses = this.#objects.get(key)?.uses ?? 0;
      this.#objects.set(key, { object, uses: uses + 1 });
    }
    for (const entry of entries) {
      this.#touchEntry(entry, touched);
      const claims = this.#claimsOn(entry);
      claims.push({ rank, entry });
      claims.sort((a, b) => (a.rank < b.rank ? -1 : 1));
      ofSet(this.#claims, entry.set).set(entry.key, claims);
    }
  }

  #remove({ objects, entries }: PortFragment, touched: Touched): void {
    for (const object of objects) {
      const key = objectKey(object);
      this.#touchObject(key, touched);
      const known = this.#objects.get(key);
      if (known === undefined) continue;
      if (known.uses === 1) this.#objects.delete(key);
      else known.uses--;
    }
    for (const entry of entries) {
      this.#touchEntry(entry, touched);
      const left = this.#claimsOn(entry).filter((claim) => claim.entry !== entry);
      if (left.length > 0) ofSet(this.#claims, entry.set).set(entry.key, left);
      else ofSet(this.#claims, entry.set).delete(entry.key);
    }
  }

  #touchObject(key: string, { objects }: Touched): void {
    if (!objects.has(key)) objects.set(key, this.#objects.get(key)?.object);
  }

  #touchEntry({ set, key }: SharedEntry, { entries }: Touched): void {
    const own = ofSet(entries, set);
    if (!own.has(key)) own.set(key, winner(this.#claims.get(set)?.get(key)));
  }

  #claimsOn({ set, key }: SharedEntry): Claim[] {
    return this.#claims.get(set)?.get(key) ?? [];
  }

  #changeOf({ objects, entries }: Touched): ServiceTableChange {
    const keys = [...objects.keys()];
    const before = keys.flatMap((key) => objects.get(key) ?? []);
    const after = keys.flatMap((key) => this.#objects.get(key)?.object ?? []);
    const was = (set: SharedSet) => [...(entries.get(set)?.values() ?? [])].flatMap((e) => e ?? []);
    const is = (set: SharedSet) =>
      [...(entries.get(set)?.keys() ?? [])].flatMap(
        (key) => winner(this.#claims.get(set)?.get(key)) ?? [],
      );
    return {
      before: this.#table([...this.#sharedSets(was), ...before]),
      after: this.#table([...this.#sharedSets(is), ...after]),
    };
  }

  #sharedSets(entriesOf: (set: SharedSet) => readonly SharedEntry[]): readonly NftObject[] {
    const specs = sharedSetSpecs(this.#facts);
    return (Object.keys(specs) as SharedSet[]).map((name) => {
      const elements = new Map<string, string>();
      for (const entry of entriesOf(name)) addElements(elements, entry);
      return { ...specs[name], name, elements };
    });
  }

  #table(objects: readonly NftObject[]): NftTable {
    return nftTable({ family: ipWord(this.#facts.family), name: tableName }, objects);
  }
}

interface Claim {
  readonly rank: string;
  readonly entry: SharedEntry;
}

/** What may differ, as it was before; undefined: it was not there. */
interface Touched {
  readonly objects: Map<string, NftObject | undefined>;
  readonly entries: Map<SharedSet, Map<string, SharedEntry | undefined>>;
}

/** Claims are in the order of their ranks. */
function winner(claims: readonly Claim[] | undefined): SharedEntry | undefined {
  return claims?.[0]?.entry;
}

function ofSet<T>(maps: Map<SharedSet, Map<string, T>>, set: SharedSet): Map<string, T> {
  let map = maps.get(set);
  if (map === undefined) {
    map = new Map();
    maps.set(set, map);
  }
  return map;
}

function addElements(elements: Map<string, string>, { key, value }: SharedEntry): void {
  if (typeof value === 'string') {
    elements.set(key, value);
    return;
  }
  value.forEach(({ ip, port }, at) => {
    elements.set(`${key} . ${at}`, `${ip} . ${port}`);
  });
}
