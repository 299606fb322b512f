import type { Pod, Secret, ServiceAccount } from '../../api/gen/core-v1.js';
import { labelOf } from '../../machinery/labels.js';
import { formatTime } from '../../machinery/time.js';
import { accountNameOf, belongsTo } from '../service-account-token/plan.js';

/** Label of secrets: the day on which their token was last used; the API server writes it. */
export const lastUsedLabel = 'kubernetes.io/legacy-token-last-used';
/** Label of secrets: their token is not accepted since that day. */
export const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since';

/** What is known of tokens in secrets. */
export interface TokenUse {
  readonly secrets: readonly Secret[];
  readonly accounts: ReadonlyMap<string, ServiceAccount>;
  readonly pods: readonly Pod[];
  /** The API server notes the use of tokens since this day (`2026-01-02`). */
  readonly trackedSince: string;
  readonly nowMs: number;
  /** Tokens that nobody used for so long are switched off, and after as long again deleted. */
  readonly periodMs: number;
}

/** What becomes of secrets; what is not named stays. */
export interface Cleaning {
  readonly invalidate: readonly Secret[];
  readonly delete: readonly Secret[];
}

const dayPattern = /^\d{4}-\d{2}-\d{2}$/;

/** Finds tokens that were made by themselves, belong to accounts that list them, and are used by nobody. Pure. */
export function planCleaning(use: TokenUse): Cleaning {
  const { secrets, accounts, pods, trackedSince, nowMs, periodMs } = use;
  const limit = dayOf(nowMs - periodMs);
  if (!dayPattern.test(trackedSince) || trackedSince > limit) return { invalidate: [], delete: [] };
  const mounted = new Set(pods.flatMap(mountedSecrets));
  const unused = secrets.filter((secret) => {
    const { namespace = '', name = '', labels, deletionTimestamp } = secret.metadata;
    const account = accounts.get(`${namespace}/${accountNameOf(secret) ?? ''}`);
    if (account === undefined || !belongsTo(secret, account)) return false;
    const isOwn = account.secrets?.some((reference) => reference.name === name) ?? false;
    if (!isOwn || deletionTimestamp !== undefined || mounted.has(`${namespace}/${name}`)) {
      return false;
    }
    const lastUsed = labelOf(labels, lastUsedLabel);
    const createdDay = secret.metadata.creationTimestamp?.slice(0, 10) ?? '';
    return (
      createdDay <= limit && (lastUsed === undefined || (isDay(lastUsed) && lastUsed <= limit))
    );
  });
  const invalidSince = (secret: Secret) => labelOf(secret.metadata.labels, invalidSinceLabel);
  return {
    invalidate: unused.filter((secret) => !isDay(invalidSince(secret))),
    delete: unused.filter((secret) => {
      const since = invalidSince(secret);
      return isDay(since) && (since ?? '') <= limit;
    }),
  };
}

/** The day of an instant, in UTC. */
export function dayOf(ms: number): string {
  return formatTime(ms).slice(0, 10);
}

function isDay(text: string | undefined): boolean {
  return text !== undefined && dayPattern.test(text);
}

function mountedSecrets({ metadata, spec }: Pod): readonly string[] {
  return (spec?.volumes ?? []).flatMap(({ secret }) =>
    secret?.secretName === undefined ? [] : [`${metadata.namespace}/${secret.secretName}`],
  );
}
