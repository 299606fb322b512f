import type { Exchange } from '../exchange.js';
import type { Handler } from '../filters/filter.js';

/** Paths that are no resources: documents, health, metrics. */
export class PlainRoutes {
  readonly #exact = new Map<string, Handler>();
  readonly #below: { readonly prefix: string; readonly handler: Handler }[] = [];

  /** Answers this path alone. */
  exact(path: string, handler: Handler): void {
    this.#exact.set(path, handler);
  }

  /** Answers the path and everything below it that has no route of its own. */
  below(prefix: string, handler: Handler): void {
    this.#below.push({ prefix, handler });
  }

  /** The paths that `/` lists, sorted. */
  paths(): string[] {
    return [...new Set([...this.#exact.keys(), ...this.#below.map(({ prefix }) => prefix)])].sort();
  }

  /** Undefined when nobody answers the path. */
  find({ info }: Exchange): Handler | undefined {
    const path = info.path.length > 1 ? info.path.replace(/\/$/, '') : info.path;
    const exact = this.#exact.get(path);
    if (exact !== undefined) return exact;
    return this.#below.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`))
      ?.handler;
  }
}
