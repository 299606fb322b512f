import type { ControllerRevision } from '../../api/gen/apps-v1.js';
import type { PodTemplateSpec } from '../../api/gen/core-v1.js';
import type { JsonObject } from '../../machinery/json.js';
import { sortedJson } from '../../machinery/sorted-json.js';
import { parseTime } from '../../machinery/time.js';
import { canonicalTemplate } from '../pods/index.js';

/** What is to be done so that the history's last entry is the present. */
export type RevisionPlan =
  | { readonly kind: 'keep'; readonly current: ControllerRevision }
  /** It was there before: it moves to the end. */
  | { readonly kind: 'renumber'; readonly current: ControllerRevision; readonly revision: number }
  | { readonly kind: 'create'; readonly revision: number };

/** Oldest first. */
export function inOrder(revisions: readonly ControllerRevision[]): readonly ControllerRevision[] {
  return [...revisions].sort(
    (a, b) =>
      (a.revision ?? 0) - (b.revision ?? 0) ||
      createdMs(a) - createdMs(b) ||
      ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1),
  );
}

/** Finds the entry of a template in the history, whose number must be the highest. */
export function planRevision(
  history: readonly ControllerRevision[],
  template: PodTemplateSpec | undefined,
): RevisionPlan {
  const wanted = canonicalTemplate(template);
  const ordered = inOrder(history);
  const revision = (ordered.at(-1)?.revision ?? 0) + 1;
  const current = ordered.findLast((each) => canonicalTemplate(templateOf(each)) === wanted);
  if (current === undefined) return { kind: 'create', revision };
  return current === ordered.at(-1)
    ? { kind: 'keep', current }
    : { kind: 'renumber', current, revision };
}

/** Entries beyond the limit that are not in use, oldest first. */
export function planTruncation(
  history: readonly ControllerRevision[],
  isLive: (revision: ControllerRevision) => boolean,
  limit: number,
): readonly ControllerRevision[] {
  const idle = inOrder(history).filter((revision) => !isLive(revision));
  return idle.slice(0, Math.max(0, idle.length - limit));
}

/**
 * What an entry keeps: a strategic merge patch that brings the template back, as `kubectl rollout undo` applies it. Its members
 * are in order: clients that look for the entry of a template compare bytes, as Kubernetes' own tests do.
 */
export function revisionData(
  template: PodTemplateSpec | undefined,
): NonNullable<ControllerRevision['data']> {
  const copy = JSON.parse(JSON.stringify(template ?? {})) as JsonObject;
  return sortedJson({ spec: { template: { ...copy, $patch: 'replace' } } }) as JsonObject;
}

/** The template that an entry keeps. */
export function templateOf({ data }: ControllerRevision): PodTemplateSpec {
  const spec = data?.spec as { template?: PodTemplateSpec & { $patch?: string } } | undefined;
  const { $patch: _, ...template } = spec?.template ?? {};
  return template;
}

function createdMs({ metadata }: ControllerRevision): number {
  return parseTime(metadata.creationTimestamp ?? '') ?? 0;
}
