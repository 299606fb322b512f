import type { ObjectFilter } from '../../../../src/control/apiserver/storage/index.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import { pathOf } from './things.js';

/** What one revision did, as the store itself tells. */
export interface Step {
  readonly revision: number;
  readonly path: string;
  /** Null: deleted. */
  readonly object: KubeObject | null;
}

/** What somebody looks at. */
export interface View {
  readonly namespace: string;
  readonly name?: string;
  readonly filter: ObjectFilter | null;
}

/** The dumb model: the whole history, replayed from the start for every question. */
export class HistoryModel {
  readonly steps: Step[] = [];

  /** The objects of a view at a revision, `path@revision`, in key order. */
  stateAt(revision: number, view: View): string[] {
    const state = new Map<string, Step>();
    for (const step of this.steps) {
      if (step.revision > revision) break;
      if (step.object === null) state.delete(step.path);
      else state.set(step.path, step);
    }
    return [...state.values()]
      .filter(({ object }) => isSeen(object, view))
      .map(({ path, revision: changed }) => `${path}@${changed}`)
      .sort((a, b) => (a < b ? -1 : 1));
  }

  /** The events that a watcher of the view sees after a revision, `type path@revision`. */
  eventsAfter(revision: number, view: View): string[] {
    const state = new Map<string, KubeObject>();
    const events: string[] = [];
    for (const { path, object, revision: changed } of this.steps) {
      const was = isSeen(state.get(path) ?? null, view);
      const is = isSeen(object, view);
      if (object === null) state.delete(path);
      else state.set(path, object);
      if (changed <= revision || !(was || is)) continue;
      events.push(`${is ? (was ? 'modified' : 'added') : 'deleted'} ${path}@${changed}`);
    }
    return events;
  }
}

function isSeen(object: KubeObject | null, { namespace, name, filter }: View): boolean {
  if (object === null) return false;
  const { metadata } = object;
  if (namespace !== '' && metadata.namespace !== namespace) return false;
  if (name !== undefined && metadata.name !== name) return false;
  return filter === null || filter(object);
}

/** `path@revision` of an object as it was read. */
export function stateText({
  object,
  revision,
}: {
  readonly object: KubeObject;
  readonly revision: number;
}): string {
  return `${pathOf(object)}@${revision}`;
}
