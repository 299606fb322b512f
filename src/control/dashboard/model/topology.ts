import type { RowMetadata } from './table.js';
import type { Tone } from './tone.js';

/** An object as the picture knows it. */
export interface TopologyObject {
  readonly kind: string;
  readonly metadata: RowMetadata;
  readonly tone: Tone;
  /** What of its state is shown with it. */
  readonly note: string;
}

/** A service and the labels of the pods it leads to; null: it leads to none by itself. */
export interface TopologyService extends TopologyObject {
  readonly selector: Readonly<Record<string, string>> | null;
}

/** A box of the picture, in units: columns from the left, rows from the top. */
export interface TopologyBox {
  readonly key: string;
  readonly object: TopologyObject;
  readonly column: number;
  readonly row: number;
}

/** Who belongs together. */
export interface TopologyLine {
  readonly from: string;
  readonly to: string;
}

/** The picture of a namespace. */
export interface Topology {
  readonly boxes: readonly TopologyBox[];
  readonly lines: readonly TopologyLine[];
  readonly rowCount: number;
  /** Pods that were left out, as there are too many. */
  readonly hiddenPods: number;
}

/** Columns of the picture. */
export const topologyColumns = ['Workloads', 'Replica sets, jobs', 'Pods', 'Services'] as const;

const [workloadColumn, setColumn, podColumn, serviceColumn] = [0, 1, 2, 3];

/**
 * Puts a namespace's objects into columns: workloads, what they make, pods, and services; each pod has a row, and the others stand
 * in the middle of what belongs to them. `podsMax` bounds the pods that are shown.
 */
export function layOut(
  parts: {
    readonly workloads: readonly TopologyObject[];
    readonly sets: readonly TopologyObject[];
    readonly pods: readonly TopologyObject[];
    readonly services: readonly TopologyService[];
  },
  podsMax: number,
): Topology {
  const owners = [...parts.workloads, ...parts.sets];
  const byUid = new Map(owners.map((object) => [object.metadata.uid ?? '', object]));
  const ownerOf = (object: TopologyObject) => {
    const reference = object.metadata.ownerReferences?.find(
      ({ controller }) => controller === true,
    );
    return reference === undefined ? undefined : byUid.get(reference.uid);
  };
  const chain = (object: TopologyObject): string => {
    const owner = ownerOf(object);
    return `${owner === undefined ? '' : `${chain(owner)}/`}${boxKey(object)}`;
  };
  const pods = sortedBy(parts.pods, chain);
  const shown = pods.slice(0, podsMax);
  const rows = new Map<string, number[]>();
  const note = (key: string, row: number) => rows.set(key, [...(rows.get(key) ?? []), row]);
  const lines: TopologyLine[] = [];
  const boxes: TopologyBox[] = [];
  for (const [row, pod] of shown.entries()) {
    boxes.push({ key: boxKey(pod), object: pod, column: podColumn, row });
    for (
      let one: TopologyObject = pod, owner = ownerOf(pod);
      owner !== undefined;
      owner = ownerOf(one)
    ) {
      const line = { from: boxKey(owner), to: boxKey(one) };
      if (!lines.some(({ from, to }) => from === line.from && to === line.to)) lines.push(line);
      note(boxKey(owner), row);
      one = owner;
    }
    for (const service of parts.services) {
      if (!selects(service, pod)) continue;
      lines.push({ from: boxKey(pod), to: boxKey(service) });
      note(boxKey(service), row);
    }
  }
  for (const set of parts.sets) {
    const owner = ownerOf(set);
    if (owner === undefined || lines.some(({ to }) => to === boxKey(set))) continue;
    lines.push({ from: boxKey(owner), to: boxKey(set) });
  }
  const columns: readonly (readonly [number, readonly TopologyObject[]])[] = [
    [workloadColumn, parts.workloads],
    [setColumn, parts.sets],
    [serviceColumn, parts.services],
  ];
  let rowCount = shown.length;
  for (const [column, objects] of columns) {
    const placed = placeColumn(objects, rows);
    for (const [object, row] of placed) boxes.push({ key: boxKey(object), object, column, row });
    rowCount = Math.max(rowCount, ...[...placed.values()].map((row) => row + 1));
  }
  return { boxes, lines, rowCount, hiddenPods: pods.length - shown.length };
}

/** Names a box. */
export function boxKey({ kind, metadata }: TopologyObject): string {
  return `${kind}/${metadata.name}`;
}

/** Each as near as there is room to the middle of its rows, in their order; those without rows at the end. */
function placeColumn(
  objects: readonly TopologyObject[],
  rows: ReadonlyMap<string, readonly number[]>,
): Map<TopologyObject, number> {
  const middles = objects.map((object) => {
    const own = rows.get(boxKey(object)) ?? [];
    const middle = own.length === 0 ? null : ((own[0] ?? 0) + (own.at(-1) ?? 0)) / 2;
    return { object, middle };
  });
  middles.sort((a, b) => (a.middle ?? Number.MAX_VALUE) - (b.middle ?? Number.MAX_VALUE));
  const placed = new Map<TopologyObject, number>();
  let free = 0;
  for (const { object, middle } of middles) {
    const row = Math.max(free, middle ?? free);
    placed.set(object, row);
    free = row + 1;
  }
  return placed;
}

function selects({ selector, metadata }: TopologyService, pod: TopologyObject): boolean {
  if (selector === null || metadata.namespace !== pod.metadata.namespace) return false;
  const labels = pod.metadata.labels ?? {};
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

function sortedBy<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  const keyed = items.map((item) => ({ item, key: keyOf(item) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ item }) => item);
}
