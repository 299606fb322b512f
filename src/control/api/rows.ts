import { defined } from '../../base/assert.js';
import type { GroupVersionKind } from '../machinery/object.js';
import { resourceNames } from './resource-names.js';
import { type PathFact, schemaFacts } from './schema-facts.js';
import { type StorageLocation, storageLocation } from './storage-location.js';

/** A part of an object, or something to do with it, with its own path below the object's. */
export interface SubresourceRow {
  readonly name: string;
  /** What is sent and answered; of a connection, its options. */
  readonly kind: GroupVersionKind;
  /** As the API calls them (`get`, `create`), sorted. Those of a connection are the verbs of its HTTP methods. */
  readonly verbs: readonly string[];
  /** The request is taken over: a stream, or a proxy to somewhere else. */
  readonly isConnection: boolean;
}

/** One resource in one version of its group, as it is served. */
export interface ResourceRow extends GroupVersionKind {
  /** Plural, as in paths: `deployments`. */
  readonly resource: string;
  readonly singular: string;
  readonly listKind: string;
  readonly isNamespaced: boolean;
  /** Sorted. */
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Sorted by name. */
  readonly subresources: readonly SubresourceRow[];
  /** Where and as what objects are kept; null for what is never stored, as reviews and bindings. */
  readonly storage: StorageLocation | null;
}

let rows: readonly ResourceRow[] | undefined;

/** Every resource of the Kubernetes API, alpha and beta versions too, ordered by group, version and name. Built once. */
export function builtInRows(): readonly ResourceRow[] {
  rows ??= buildRows();
  return rows;
}

/** What a path of the API is about. */
interface PathParts {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly isNamespaced: boolean;
  readonly isWatch: boolean;
}

interface RowDraft {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  kind: string;
  isNamespaced: boolean;
  readonly verbs: Set<string>;
  readonly subresources: Map<string, SubresourceDraft>;
}

interface SubresourceDraft {
  kind: GroupVersionKind;
  readonly verbs: Set<string>;
  isConnection: boolean;
}

function buildRows(): readonly ResourceRow[] {
  const drafts = new Map<string, RowDraft>();
  for (const [path, methods] of Object.entries(schemaFacts().paths)) {
    const parts = partsOf(path);
    const key = `${parts.group}/${parts.version}/${parts.resource}`;
    const draft = drafts.get(key) ?? emptyDraft(parts);
    drafts.set(key, draft);
    addPath(draft, parts, methods);
  }
  const sorted = [...drafts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, draft]) => draft);
  const versionsOf = ({ group, resource }: RowDraft) =>
    sorted
      .filter((other) => other.group === group && other.resource === resource)
      .map((other) => other.version);
  return sorted.map((draft) => finish(draft, versionsOf(draft)));
}

/** `/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale`, with or without `watch/` after the version. */
function partsOf(path: string): PathParts {
  const segments = path.split('/').slice(1);
  const isCore = segments[0] === 'api';
  const [group, version] = isCore ? ['', segments[1]] : [segments[1], segments[2]];
  let rest = segments.slice(isCore ? 2 : 3);
  const isWatch = rest[0] === 'watch';
  if (isWatch) rest = rest.slice(1);
  const isNamespaced = rest[1] === '{namespace}';
  if (isNamespaced) rest = rest.slice(2);
  return {
    group: defined(group),
    version: defined(version),
    resource: defined(rest[0], `resource of ${path}`),
    subresource: rest[2] ?? '',
    isNamespaced,
    isWatch,
  };
}

function emptyDraft({ group, version, resource }: PathParts): RowDraft {
  const [verbs, subresources] = [new Set<string>(), new Map<string, SubresourceDraft>()];
  return { group, version, resource, kind: '', isNamespaced: false, verbs, subresources };
}

function addPath(draft: RowDraft, parts: PathParts, methods: PathFact): void {
  draft.isNamespaced ||= parts.isNamespaced;
  for (const [method, [action, kindName]] of Object.entries(methods)) {
    const kind = kindOf(kindName);
    if (parts.subresource === '') {
      draft.kind = kind.kind;
      draft.verbs.add(parts.isWatch ? 'watch' : verbOf(method, action));
      continue;
    }
    const subresource = draft.subresources.get(parts.subresource) ?? {
      kind,
      verbs: new Set(),
      isConnection: action === 'connect',
    };
    draft.subresources.set(parts.subresource, subresource);
    const verb = verbOf(method, action);
    if (verb !== '') subresource.verbs.add(verb);
  }
}

const verbsOfMethods: Readonly<Record<string, string>> = {
  get: 'get',
  post: 'create',
  put: 'update',
  patch: 'patch',
  delete: 'delete',
};

function verbOf(method: string, action: string): string {
  if (action === 'list' || action === 'deletecollection') return action;
  return verbsOfMethods[method] ?? '';
}

/** `apps/v1/Deployment`, or `v1/Pod`. */
function kindOf(name: string): GroupVersionKind {
  const parts = name.split('/');
  const [group, version, kind] = parts.length === 3 ? parts : ['', ...parts];
  return { group: defined(group), version: defined(version), kind: defined(kind) };
}

function finish(draft: RowDraft, versions: readonly string[]): ResourceRow {
  const { group, version, resource, kind, isNamespaced } = draft;
  return {
    group,
    version,
    kind,
    resource,
    singular: kind.toLowerCase(),
    listKind: `${kind}List`,
    isNamespaced,
    verbs: [...draft.verbs].sort(),
    ...resourceNames(group, resource),
    subresources: [...draft.subresources]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { kind, verbs, isConnection }]) => ({
        name,
        kind,
        verbs: [...verbs].sort(),
        isConnection,
      })),
    storage: draft.verbs.has('watch') ? storageLocation({ group, versions, resource }) : null,
  };
}
