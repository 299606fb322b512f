import { createContext } from 'preact';
import { useContext, useEffect, useRef, useState } from 'preact/hooks';
import type { ApiObject } from '../model/api-object.js';
import type { ServedKind } from '../model/discovery.js';
import { type ResourceName, resourcePath, routeParts } from '../model/page-route.js';
import { type TableColumn, type TableRow, tableReader } from '../model/table.js';
import { type Api, type ApiError, asApiError, isAbort } from './api.js';
import { LiveList, pause, type Snapshot } from './live-list.js';

/** What every view can reach. */
export interface Session {
  readonly api: Api;
  readonly userName: string;
  /** What the API serves; null until that is known. */
  readonly kinds: readonly ServedKind[] | null;
  /** '' is all namespaces. */
  readonly namespace: string;
}

/** The session that a view belongs to. */
export const SessionContext = createContext<Session | null>(null);

/** The session. Only below a logged-in page. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('no session: this view belongs below the login');
  return session;
}

const nothingYet: Snapshot<never> = { items: [], isComplete: false, problem: null };
const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io';

/** A list of a resource as tables, with its columns. */
export interface TableSnapshot extends Snapshot<TableRow> {
  readonly columns: readonly TableColumn[];
}

/** What of a resource is watched. */
export interface Watched {
  readonly resource: ResourceName;
  /** '' is all namespaces. */
  readonly namespace: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** Rows of a resource as the server prints them, live while the view is there; null watches nothing. */
export function useTable(watched: Watched | null): TableSnapshot {
  const columns = useRef<readonly TableColumn[]>([]);
  const read = useRef(
    tableReader((told) => {
      columns.current = told;
    }, Date.now),
  );
  const snapshot = useLive(watched, tableType, read.current);
  return { ...snapshot, columns: columns.current };
}

/** Objects of a resource, live while the view is there; null watches nothing. */
export function useObjects(watched: Watched | null): Snapshot<ApiObject> {
  return useLive(watched, 'application/json', readObject);
}

function readObject(object: unknown): readonly (readonly [string, ApiObject])[] {
  const read = object as ApiObject;
  const { managedFields: _, ...metadata } = read.metadata as ApiObject['metadata'] & {
    managedFields?: unknown;
  };
  return [[`${metadata.namespace ?? ''}/${metadata.name}`, { ...read, metadata }]];
}

function useLive<Item>(
  watched: Watched | null,
  accept: string,
  read: (object: unknown) => readonly (readonly [string, Item])[],
): Snapshot<Item> {
  const { api } = useSession();
  const path = watched === null ? null : watchedPath(watched);
  const [state, setState] = useState<{ path: string | null; snapshot: Snapshot<Item> }>({
    path,
    snapshot: nothingYet,
  });
  useEffect(() => {
    if (path === null) return;
    const onChange = (snapshot: Snapshot<Item>) => setState({ path, snapshot });
    const list = new LiveList({ api, path, accept, read, onChange });
    list.start();
    return () => list.stop();
  }, [api, path, accept, read]);
  return state.path === path ? state.snapshot : nothingYet;
}

function watchedPath({ resource, namespace, labelSelector, fieldSelector }: Watched): string {
  const query = new URLSearchParams();
  if (labelSelector !== undefined && labelSelector !== '')
    query.set('labelSelector', labelSelector);
  if (fieldSelector !== undefined && fieldSelector !== '')
    query.set('fieldSelector', fieldSelector);
  const text = query.toString();
  return resourcePath(resource, namespace) + (text === '' ? '' : `?${text}`);
}

/** What was asked for once. */
export interface Loaded<T> {
  readonly value: T | null;
  readonly problem: ApiError | null;
  /** Asks again. */
  readonly reload: () => void;
}

/** Asks once, and again when `key` changes or by `reload`. What was known stays until the answer is there. */
export function useLoaded<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [count, setCount] = useState(0);
  const [state, setState] = useState<{ key: string; value: T | null; problem: ApiError | null }>({
    ...{ key, value: null, problem: null },
  });
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const stop = new AbortController();
    latest.current(stop.signal).then(
      (value) => setState({ key, value, problem: null }),
      (error: unknown) => {
        if (!isAbort(error)) setState({ key, value: null, problem: asApiError(error) });
      },
    );
    return () => stop.abort();
  }, [key, count]);
  const reload = () => setCount((before) => before + 1);
  return state.key === key ? { ...state, reload } : { value: null, problem: null, reload };
}

/** Asks again and again while the view is there and the tab is seen. A failure is shown beside what was known. */
export function usePolled<T>(
  key: string,
  intervalMs: number,
  load: (signal: AbortSignal) => Promise<T>,
): { readonly value: T | null; readonly problem: ApiError | null } {
  const [state, setState] = useState<{ key: string; value: T | null; problem: ApiError | null }>({
    ...{ key, value: null, problem: null },
  });
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const stop = new AbortController();
    const run = async () => {
      while (!stop.signal.aborted) {
        if (!document.hidden) {
          try {
            const value = await latest.current(stop.signal);
            setState({ key, value, problem: null });
          } catch (error) {
            if (isAbort(error)) return;
            const problem = asApiError(error);
            setState((before) => ({ ...before, key, problem }));
            if (problem.code === 403 || problem.code === 404) return;
          }
        }
        await pause(intervalMs, stop.signal);
      }
    };
    void run();
    return () => stop.abort();
  }, [key, intervalMs]);
  return state.key === key ? state : { value: null, problem: null };
}

/** The parts of the page's address. */
export function useRoute(): readonly string[] {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const onChange = () => setHash(location.hash);
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return routeParts(hash);
}

/** The time, told anew every so often: ages grow while nothing happens. */
export function useNow(intervalMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), intervalMs);
    return () => clearInterval(timer);
  }, [intervalMs]);
  return now;
}
