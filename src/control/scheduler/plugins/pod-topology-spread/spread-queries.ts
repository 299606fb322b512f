import type { Pod } from '../../../api/gen/core-v1.js';
import type { SharedInformers } from '../../../client/index.js';
import type { LabelSelector } from '../../../machinery/label-selector.js';
import type { PodInfo } from '../../framework/node-info.js';
import { PerTemplate } from '../per-template.js';
import { defaultSelectors } from './default-selector.js';
import type { SpreadArgs } from './spread-args.js';
import { type SpreadQuery, spreadConstraintsOf, spreadQueryOf } from './spread-query.js';

type Action = 'DoNotSchedule' | 'ScheduleAnyway';

/** What a template's pods say themselves. */
type OwnQueries = Readonly<Record<Action, SpreadQuery | null>>;

/** What pods ask of how they spread: their own constraints, or the default ones when they have none. */
export class SpreadQueries {
  readonly #args: SpreadArgs;
  readonly #own = new PerTemplate(ownQueries);
  /** Null: there are no defaults. */
  readonly #selectorFor: ((pod: Pod) => LabelSelector) | null;
  /** What the defaults do. */
  readonly #defaulted: ReadonlySet<string>;

  constructor(args: SpreadArgs, informers: SharedInformers) {
    const { defaultConstraints } = args;
    this.#args = args;
    this.#selectorFor = defaultConstraints.length > 0 ? defaultSelectors(informers) : null;
    this.#defaulted = new Set(
      defaultConstraints.map(({ whenUnsatisfiable = '' }) => whenUnsatisfiable),
    );
  }

  /** Null: the pod asks for nothing of this action. */
  of(pod: PodInfo, action: Action): SpreadQuery | null {
    const isOwn = (pod.pod.spec?.topologySpreadConstraints?.length ?? 0) > 0;
    if (isOwn) return this.#own.of(pod)[action];
    return this.#defaulted.has(action) ? this.#default(pod.pod, action) : null;
  }

  #default(pod: Pod, action: Action): SpreadQuery | null {
    const { defaultConstraints, isSystemDefaulted } = this.#args;
    const selector = this.#selectorFor?.(pod);
    if (selector === undefined || selector.isEverything) return null;
    const constraints = spreadConstraintsOf(pod, defaultConstraints, action, selector);
    return spreadQueryOf(pod, constraints, action === 'DoNotSchedule' || !isSystemDefaulted);
  }
}

function ownQueries({ pod }: PodInfo): OwnQueries {
  const constraints = pod.spec?.topologySpreadConstraints ?? [];
  const query = (action: Action) =>
    spreadQueryOf(pod, spreadConstraintsOf(pod, constraints, action), true);
  return { DoNotSchedule: query('DoNotSchedule'), ScheduleAnyway: query('ScheduleAnyway') };
}
