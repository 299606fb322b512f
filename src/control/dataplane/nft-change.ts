import { assert } from '../../base/assert.js';
import {
  type NftChain,
  type NftObject,
  type NftSet,
  type NftTable,
  nftTable,
  objectKey,
} from './nft-table.js';

/** One command of a transaction of nft, within one table. */
export type NftCommand =
  | { readonly do: 'add-table' | 'delete-table' }
  | { readonly do: 'add' | 'delete'; readonly object: NftObject }
  | { readonly do: 'flush-chain'; readonly chain: NftChain }
  | { readonly do: 'flush-set'; readonly set: NftSet }
  | { readonly do: 'add-rule'; readonly chain: NftChain; readonly rule: string }
  | { readonly do: 'add-element'; readonly set: NftSet; readonly elements: Elements }
  | { readonly do: 'delete-element'; readonly set: NftSet; readonly elements: Elements };

type Elements = readonly (readonly [key: string, value: string])[];

/** Makes a table from nothing, whatever is there under its name. */
export function rebuild(table: NftTable): readonly NftCommand[] {
  return [
    { do: 'add-table' }, // What is not there cannot be deleted.
    { do: 'delete-table' },
    { do: 'add-table' },
    ...change({ ...table, objects: new Map() }, table),
  ];
}

/**
 * Makes a table of whatever `existing` objects there are, of which no more than the names are known, and keeps what some sets hold:
 * those that rules fill, when both tables have them.
 */
export function rebuildKeeping(
  table: NftTable,
  existing: readonly NftObject[],
  isKept: (name: string) => boolean,
): readonly NftCommand[] {
  const kept = existing.filter(
    (object) =>
      object.kind === 'set' && isKept(object.name) && table.objects.has(objectKey(object)),
  );
  const gone = existing.filter((object) => !kept.includes(object));
  const before = kept.flatMap((object) => table.objects.get(objectKey(object)) ?? []);
  return [
    { do: 'add-table' },
    // What refers to others goes first.
    ...gone.map(
      (object): NftCommand =>
        object.kind === 'chain'
          ? { do: 'flush-chain', chain: object }
          : { do: 'flush-set', set: object },
    ),
    ...gone.map((object): NftCommand => ({ do: 'delete', object })),
    ...change(nftTable(table, before), table),
  ];
}

/**
 * Makes one table of another; both may leave out what does not differ. In this order: what is new is made empty; what goes or changes loses its rules and elements, so that
 * nothing refers to it; rules and elements come, whose chains and sets are all there; what nothing refers to any more goes.
 */
export function change(before: NftTable, after: NftTable): readonly NftCommand[] {
  assert(before.family === after.family && before.name === after.name, 'one table, two states');
  const steps = newSteps();
  for (const [key, object] of after.objects) {
    const old = before.objects.get(key);
    if (old === object) continue;
    if (old === undefined) steps.make.push({ do: 'add', object });
    else assert(old.spec === object.spec, `${key} changes what it is`);
    if (object.kind === 'chain') changeChain(steps, old as NftChain | undefined, object);
    else changeSet(steps, old as NftSet | undefined, object);
  }
  for (const [key, object] of before.objects) {
    if (after.objects.has(key)) continue;
    if (object.kind === 'chain') steps.clear.push({ do: 'flush-chain', chain: object });
    // Sets go after chains: their elements may name those, and nothing that stays may name them.
    else changeSet(steps, object, { ...object, elements: new Map() });
    (object.kind === 'chain' ? steps.removeChains : steps.removeSets).push({
      do: 'delete',
      object,
    });
  }
  return Object.values(steps).flat();
}

/** Commands in the order in which they run. */
type Steps = Record<
  'make' | 'clear' | 'rules' | 'elements' | 'removeChains' | 'removeSets',
  NftCommand[]
>;

function newSteps(): Steps {
  return { make: [], clear: [], rules: [], elements: [], removeChains: [], removeSets: [] };
}

function changeChain(steps: Steps, old: NftChain | undefined, chain: NftChain): void {
  if (old !== undefined) {
    const isSame =
      old.rules.length === chain.rules.length &&
      old.rules.every((rule, at) => rule === chain.rules[at]);
    if (isSame) return;
    if (old.rules.length > 0) steps.clear.push({ do: 'flush-chain', chain });
  }
  for (const rule of chain.rules) steps.rules.push({ do: 'add-rule', chain, rule });
}

function changeSet(steps: Steps, old: NftSet | undefined, set: NftSet): void {
  const gone: [string, string][] = [];
  const added: [string, string][] = [];
  for (const [key, value] of old?.elements ?? []) {
    if (set.elements.get(key) !== value) gone.push([key, value]);
  }
  for (const [key, value] of set.elements) {
    if (old?.elements.get(key) !== value) added.push([key, value]);
  }
  if (gone.length > 0) steps.clear.push({ do: 'delete-element', set, elements: gone });
  if (added.length > 0) steps.elements.push({ do: 'add-element', set, elements: added });
}
