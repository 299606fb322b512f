import { groupPriority, versionPriority } from '../group-priority.js';
import type { ServedGroup } from '../scheme.js';
import { compareVersions } from '../version-order.js';
import type { ApiResource } from './api-resource.js';

/** A version that another server serves, behind an APIService. */
export interface ExternalVersion {
  readonly group: string;
  readonly version: string;
  readonly groupPriority: number;
  readonly versionPriority: number;
  /** What that server says it has. */
  readonly resources: readonly ApiResource[];
  /** The server did not answer when it was last asked; `resources` are what it said before. */
  readonly isStale: boolean;
}

/** A version in discovery, whoever serves it. */
export interface ListedVersion {
  readonly version: string;
  readonly resources: readonly ApiResource[];
  readonly isStale: boolean;
}

/** A group in discovery; versions with the preferred one first. */
export interface ListedGroup {
  readonly group: string;
  readonly versions: readonly ListedVersion[];
}

type Entry = ListedVersion & Pick<ExternalVersion, 'group' | 'groupPriority' | 'versionPriority'>;

/**
 * What is served here and elsewhere in the order of discovery: groups by the highest priority of their versions, then by name; versions by
 * priority, then as Kubernetes prefers their names. What is served here hides what is served elsewhere.
 */
export function listGroups(
  served: readonly ServedGroup[],
  external: readonly ExternalVersion[],
  resourcesOf: (group: ServedGroup['versions'][number]) => readonly ApiResource[],
): readonly ListedGroup[] {
  const entries: Entry[] = served.flatMap(({ group, versions }) =>
    versions.map((version) => ({
      group,
      version: version.version,
      groupPriority: groupPriority(group),
      versionPriority: versionPriority(group, version.version),
      resources: resourcesOf(version),
      isStale: false,
    })),
  );
  const isServed = ({ group, version }: ExternalVersion) =>
    entries.some((entry) => entry.group === group && entry.version === version);
  entries.push(...external.filter((version) => !isServed(version)));
  return sortEntries(entries);
}

function sortEntries(entries: readonly Entry[]): readonly ListedGroup[] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) groups.set(entry.group, [...(groups.get(entry.group) ?? []), entry]);
  const priorityOf = (versions: readonly Entry[]) =>
    Math.max(...versions.map((version) => version.groupPriority));
  return [...groups]
    .sort(([a, left], [b, right]) => priorityOf(right) - priorityOf(left) || (a < b ? -1 : 1))
    .map(([group, versions]) => ({ group, versions: [...versions].sort(byPreference) }));
}

function byPreference(a: Entry, b: Entry): number {
  return b.versionPriority - a.versionPriority || compareVersions(a.version, b.version);
}
