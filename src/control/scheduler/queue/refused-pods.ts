import type { QueueEntry } from './queue-entry.js';

/** Pods that fit nowhere or are held back by a plugin, found by what refused them. */
export class RefusedPods {
  readonly #entries = new Map<string, QueueEntry>();
  /** By plugin. Invariant: no set is empty. */
  readonly #byPlugin = new Map<string, Set<QueueEntry>>();

  get size(): number {
    return this.#entries.size;
  }

  get(uid: string): QueueEntry | undefined {
    return this.#entries.get(uid);
  }

  values(): Iterable<QueueEntry> {
    return this.#entries.values();
  }

  /** The plugins that refused any of them. */
  plugins(): Iterable<string> {
    return this.#byPlugin.keys();
  }

  /** A list of its own: who goes through it may take pods out. */
  refusedBy(plugin: string): readonly QueueEntry[] {
    return [...(this.#byPlugin.get(plugin) ?? [])];
  }

  /** How many each plugin refused, for metrics. */
  countOf(plugin: string): number {
    return this.#byPlugin.get(plugin)?.size ?? 0;
  }

  /** Its lists of plugins do not change while it is here. */
  add(entry: QueueEntry): void {
    this.#entries.set(entry.info.uid, entry);
    for (const plugin of pluginsOf(entry)) {
      const entries = this.#byPlugin.get(plugin);
      if (entries === undefined) this.#byPlugin.set(plugin, new Set([entry]));
      else entries.add(entry);
    }
  }

  remove(uid: string): QueueEntry | undefined {
    const entry = this.#entries.get(uid);
    if (entry === undefined) return undefined;
    this.#entries.delete(uid);
    for (const plugin of pluginsOf(entry)) {
      const entries = this.#byPlugin.get(plugin);
      entries?.delete(entry);
      if (entries?.size === 0) this.#byPlugin.delete(plugin);
    }
    return entry;
  }
}

function pluginsOf({ gatedBy, refusedBy, waitsFor }: QueueEntry): Iterable<string> {
  return gatedBy === null ? new Set([...refusedBy, ...waitsFor]) : [gatedBy];
}
