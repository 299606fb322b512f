import {
  type Goal,
  isMet,
  type Measurement,
  type Metric,
  median,
  ratioOf,
  spread,
  valuesOf,
} from './measurement.js';

/** All rounds of one row. */
export interface Comparison {
  readonly name: string;
  readonly tool: string;
  readonly goals: readonly Goal[];
  readonly ours: readonly Measurement[];
  /** Null when nothing is compared with. */
  readonly theirs: readonly Measurement[] | null;
  /** Why the row could not be measured to its end, or null. */
  readonly failure: string | null;
}

/** One metric of a row. */
export interface MetricResult {
  readonly metric: Metric;
  readonly ours: number;
  readonly oursSpread: number;
  readonly theirs: number | null;
  readonly theirsSpread: number;
  readonly ratio: number | null;
  /** Null when there is no goal for it, or nothing to compare with. */
  readonly goal: Goal | null;
  readonly isMet: boolean | null;
}

/** The order in which metrics are shown. */
const metrics: readonly Metric[] = [
  'perSecond',
  'p50Ms',
  'p99Ms',
  'maxMs',
  'serverCpuUs',
  'durationMs',
  'memoryMiB',
];

/** What the rounds say: medians, ratios, and whether the goals are met. */
export function resultsOf(comparison: Comparison): MetricResult[] {
  const { ours, theirs, goals } = comparison;
  // Operations that fail may be cheap: what is reached with them is not reached.
  const isSound = comparison.failure === null && errorsOf(ours) === 0;
  return metrics.flatMap((metric) => {
    const values = valuesOf(ours, metric);
    if (values.length === 0) return [];
    const others = theirs === null ? [] : valuesOf(theirs, metric);
    const ratio = theirs === null ? null : ratioOf(ours, theirs, metric);
    const goal = goals.find((each) => each.metric === metric) ?? null;
    return [
      {
        metric,
        ours: median(values),
        oursSpread: spread(values),
        theirs: others.length === 0 ? null : median(others),
        theirsSpread: spread(others),
        ratio,
        goal,
        isMet: goal === null || ratio === null ? null : isSound && isMet(goal, ratio),
      },
    ];
  });
}

/** What makes a row worth less than it looks, in sentences for people: it is never left unsaid. */
export function complaintsOf({ name, ours, theirs, failure }: Comparison): string[] {
  const failed = [
    ['flotilla', errorsOf(ours)],
    ['etcd', errorsOf(theirs)],
  ] as const;
  return [
    ...failed.flatMap(([side, count]) =>
      count === 0 ? [] : [`${name}: ${count} operations failed on ${side}`],
    ),
    ...(failure === null ? [] : [`${name}: not measured to its end, ${failure}`]),
  ];
}

/** Failed operations in all rounds. */
export function errorsOf(rounds: readonly Measurement[] | null): number {
  return (rounds ?? []).reduce((sum, { errors }) => sum + errors, 0);
}
