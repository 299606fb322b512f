import { dirname, resolve } from 'node:path';
import {
  readWebhookKubeconfig,
  WebhookKubeconfigError,
  type WebhookTarget,
  webhookReviewer,
} from '../../control/apiserver/authentication/webhook-kubeconfig.js';
import { readTextFile } from '../../host/text-file.js';
import type { WebClient } from '../../rpc/web-client.js';
import { UsageError } from '../usage-error.js';
import type { ParsedFlags } from './parse.js';

/** Versions of the reviews that webhooks are sent. */
export type ReviewVersion = 'v1' | 'v1beta1';

type Prefix = 'authentication-token-webhook' | 'authorization-webhook';

/** A review of either group, in any version. */
interface Review {
  apiVersion?: string;
  spec?: object;
}

/** Sends a review, and answers with the one that comes back. */
type Reviewer = <T extends Review>(review: T) => Promise<T>;

/**
 * Asks the webhook that `--<prefix>-config-file` names, in the version of `--<prefix>-version`; null when none is named. Throws
 * UsageError.
 */
export async function reviewerOf(
  flags: ParsedFlags,
  prefix: Prefix,
  web: WebClient,
): Promise<Reviewer | null> {
  const path = flags.text(`${prefix}-config-file`);
  if (path === '') return null;
  const version = reviewVersionOf(flags, prefix);
  return openReviewer({ path, what: `--${prefix}-config-file`, version }, web);
}

/** What `--<prefix>-version` says. Throws UsageError. */
export function reviewVersionOf(flags: ParsedFlags, prefix: Prefix): ReviewVersion {
  const version = flags.text(`${prefix}-version`);
  if (version === 'v1' || version === 'v1beta1') return version;
  throw new UsageError(
    `--${prefix}-version: ${JSON.stringify(version)} is not spoken; give v1 or v1beta1`,
  );
}

/** Asks the webhook of a kubeconfig, which errors call `what`. Rejects with UsageError when it cannot be used. */
export async function openReviewer(
  options: {
    readonly path: string;
    readonly what: string;
    readonly version: ReviewVersion;
    readonly timeoutMs?: number;
  },
  web: WebClient,
): Promise<Reviewer> {
  const { path, what, version, ...timing } = options;
  const ask = webhookReviewer<Review>(web, await readWebhookTarget(path, what), timing);
  return async <T extends Review>(review: T) =>
    (await ask(version === 'v1' ? review : asBeta(review))) as T;
}

/** Reads the kubeconfig of a webhook; files that it names are looked for beside it. Rejects with UsageError, which names `what`. */
export async function readWebhookTarget(path: string, what: string): Promise<WebhookTarget> {
  try {
    return await readWebhookKubeconfig(await readTextFile(path), (named) =>
      readTextFile(resolve(dirname(path), named)),
    );
  } catch (error) {
    if (!(error instanceof WebhookKubeconfigError)) throw error;
    throw new UsageError(`${what} ${path}: ${error.message}`, { cause: error });
  }
}

/** Reviews of v1beta1 are those of v1, but that the groups of a SubjectAccessReview are called `group`. */
function asBeta(review: Review): Review {
  const [group = ''] = (review.apiVersion ?? '').split('/');
  const beta = { ...review, apiVersion: `${group}/v1beta1` };
  if (group !== 'authorization.k8s.io') return beta;
  const { groups, ...spec } = (review.spec ?? {}) as { groups?: readonly string[] };
  return { ...beta, spec: { ...spec, ...(groups === undefined ? {} : { group: groups }) } };
}
