import { AssertionError, assert } from '../../../base/assert.js';
import type { Logger } from '../../../base/logger.js';
import type {
  ExtenderConfiguration,
  SchedulerConfiguration,
} from '../config/scheduler-configuration.js';
import type { NodeInfo, PodInfo } from '../framework/node-info.js';
import type { PluginStatus } from '../framework/plugin.js';
import { failure } from '../runtime/named-status.js';
import { Extender, type ExtenderPost, extenderName } from './extender.js';

/** What all extenders together leave of the nodes that plugins found, or that one of them failed. */
export type ExtendedFilter =
  | {
      readonly kind: 'filtered';
      readonly passed: readonly NodeInfo[];
      readonly refused: ReadonlyMap<NodeInfo, PluginStatus>;
    }
  | { readonly kind: 'failed'; readonly status: PluginStatus };

/** Makes the way to an extender. */
export type ExtenderPostOf = (extender: ExtenderConfiguration) => ExtenderPost;

/** The extenders of a configuration. What they are asked ends when the signal aborts. */
export function makeExtenders(
  parts: {
    readonly configuration: SchedulerConfiguration;
    /** Needed when there are extenders. */
    readonly extenderPostOf?: ExtenderPostOf;
    readonly logger: Logger;
  },
  signal: AbortSignal,
): Extenders {
  const { configuration, extenderPostOf, logger } = parts;
  const all = configuration.extenders.map((extender) => {
    assert(extenderPostOf !== undefined, 'a scheduler with extenders has a way to them');
    return new Extender(extender, extenderPostOf(extender), signal);
  });
  return new Extenders(all, logger);
}

/** The extenders of a scheduler, in their order. */
export class Extenders {
  readonly #all: readonly Extender[];
  readonly #logger: Logger;

  constructor(all: readonly Extender[], logger: Logger) {
    this.#all = all;
    this.#logger = logger;
  }

  /** Whether nodes for the pod cannot be found without asking one of them. */
  concern(pod: PodInfo): boolean {
    if (this.#all.length === 0) return false;
    return this.#of(pod).some(
      ({ configuration: { filterVerb, prioritizeVerb } }) =>
        filterVerb !== '' || prioritizeVerb !== '',
    );
  }

  /** Asks one after the other, each about what those before it have left. */
  async filter(pod: PodInfo, nodes: readonly NodeInfo[]): Promise<ExtendedFilter> {
    let passed = nodes;
    const refused = new Map<NodeInfo, PluginStatus>();
    for (const extender of this.#of(pod)) {
      if (passed.length === 0) break;
      if (extender.configuration.filterVerb === '') continue;
      try {
        const answer = await extender.filter(pod, passed);
        for (const [node, status] of answer.refused) refused.set(node, status);
        passed = answer.passed;
      } catch (error) {
        const status = this.#failed(extender, error);
        if (status !== null) return { kind: 'failed', status };
      }
    }
    return { kind: 'filtered', passed, refused };
  }

  /** What they give for nodes, by name, added up. Who fails gives nothing. */
  async prioritize(pod: PodInfo, nodes: readonly NodeInfo[]): Promise<ReadonlyMap<string, number>> {
    const sums = new Map<string, number>();
    await Promise.all(
      this.#of(pod).map(async (extender) => {
        if (extender.configuration.prioritizeVerb === '') return;
        try {
          for (const [name, score] of await extender.prioritize(pod, nodes))
            sums.set(name, (sums.get(name) ?? 0) + score);
        } catch (error) {
          this.#skip(extender, error);
        }
      }),
    );
    return sums;
  }

  /** Binds by the extender that binds such pods. Null: it is done; 'skip': none does. */
  async bind(pod: PodInfo, nodeName: string): Promise<PluginStatus | 'skip' | null> {
    for (const extender of this.#of(pod)) {
      if (extender.configuration.bindVerb === '') continue;
      try {
        await extender.bind(pod, nodeName);
        return null;
      } catch (error) {
        const status = this.#failed(extender, error);
        if (status !== null) return status;
      }
    }
    return 'skip';
  }

  /** Those that have a say in preemptions for the pod. */
  forPreemption(pod: PodInfo): readonly Extender[] {
    return this.#of(pod).filter(({ configuration }) => configuration.preemptVerb !== '');
  }

  #of({ pod }: PodInfo): readonly Extender[] {
    return this.#all.filter((extender) => extender.isInterestedIn(pod));
  }

  /** Null: it can be done without. */
  #failed(extender: Extender, error: unknown): PluginStatus | null {
    if (error instanceof AssertionError) throw error;
    if (!extender.isIgnorable) return failure(extenderName, error);
    this.#skip(extender, error);
    return null;
  }

  #skip({ name }: Extender, error: unknown): void {
    if (error instanceof AssertionError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    this.#logger.warn('an extender is left out', { extender: name, error: text });
  }
}
