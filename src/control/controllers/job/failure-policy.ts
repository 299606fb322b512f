import { podCondition } from '../../api/core-v1/pod/pod-state.js';
import type {
  Job,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
} from '../../api/gen/batch-v1.js';
import type { ContainerStatus, Pod } from '../../api/gen/core-v1.js';

/** What the failure of a pod means to its job. */
export interface FailureVerdict {
  readonly action: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count';
  /** Whether the failure counts towards the limits. */
  readonly isCounted: boolean;
  /** Of the job's failure; with FailJob alone. */
  readonly message?: string;
}

/** What counts when no rule says anything. */
const counted: FailureVerdict = { action: 'Count', isCounted: true };

/** Only pods that really ended are replaced, those that are being deleted are not. */
export function replacesFailedOnly({ spec }: Job): boolean {
  return spec?.podReplacementPolicy === 'Failed' || spec?.podFailurePolicy !== undefined;
}

/** Whether a pod has failed, as its job sees it: one that is deleted before it ended may never come to say so. */
export function isPodFailed({ metadata, status }: Pod, job: Job): boolean {
  if (status?.phase === 'Failed') return true;
  if (replacesFailedOnly(job)) return false;
  return metadata.deletionTimestamp !== undefined && status?.phase !== 'Succeeded';
}

/** The verdict of the first rule of the job's pod failure policy that a failed pod matches. */
export function judgeFailure({ spec }: Job, pod: Pod): FailureVerdict {
  for (const [at, rule] of (spec?.podFailurePolicy?.rules ?? []).entries()) {
    const cause = matchOf(rule, pod);
    if (cause !== undefined)
      return verdictOf(rule, `${cause} matching ${rule.action} rule at index ${at}`);
  }
  return counted;
}

function verdictOf({ action }: PodFailurePolicyRule, message: string): FailureVerdict {
  switch (action) {
    case 'FailJob':
      return { action, isCounted: true, message };
    case 'FailIndex':
      return { action, isCounted: true };
    case 'Ignore':
      return { action, isCounted: false };
    default:
      return counted;
  }
}

/** What of the pod the rule is about; undefined when it is not about this pod. */
function matchOf(
  { onExitCodes, onPodConditions }: PodFailurePolicyRule,
  pod: Pod,
): string | undefined {
  const { name = '', namespace = '' } = pod.metadata;
  if (onExitCodes !== undefined) {
    const failed = containerWith(pod, onExitCodes);
    if (failed === undefined) return undefined;
    const code = failed.state?.terminated?.exitCode ?? 0;
    return `Container ${failed.name} for pod ${namespace}/${name} failed with exit code ${code}`;
  }
  const pattern = onPodConditions?.find(
    ({ type = '', status = 'True' }) => podCondition(pod, type)?.status === status,
  );
  return pattern && `Pod ${namespace}/${name} has condition ${pattern.type}`;
}

function containerWith(
  { status }: Pod,
  { containerName, operator, values = [] }: PodFailurePolicyOnExitCodesRequirement,
): ContainerStatus | undefined {
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  return statuses.find(({ name, state }) => {
    const code = state?.terminated?.exitCode ?? 0;
    if (state?.terminated === undefined || code === 0) return false;
    if (containerName !== undefined && containerName !== name) return false;
    return values.includes(code) === (operator === 'In');
  });
}
