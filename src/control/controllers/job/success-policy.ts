import type { Job } from '../../api/gen/batch-v1.js';
import { IndexSet } from './index-set.js';

/** The message of the first rule of the job's success policy that its succeeded indexes meet; undefined when none is met. */
export function metSuccessRule({ spec }: Job, succeeded: IndexSet): string | undefined {
  const completions = spec?.completions ?? 0;
  if (succeeded.size === 0) return undefined;
  const at = (spec?.successPolicy?.rules ?? []).findIndex((rule) => {
    const { succeededIndexes, succeededCount } = rule;
    if (succeededIndexes === undefined) {
      return succeededCount !== undefined && succeeded.size >= succeededCount;
    }
    const wanted = IndexSet.parse(succeededIndexes, completions);
    return wanted.size > 0 && succeeded.countShared(wanted) >= (succeededCount ?? wanted.size);
  });
  return at < 0 ? undefined : `Matched rules at index ${at}`;
}
