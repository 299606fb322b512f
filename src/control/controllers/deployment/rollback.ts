import type { Deployment, ReplicaSet } from '../../api/gen/apps-v1.js';
import type { EventType } from '../../client/index.js';
import { cloneJson } from '../../machinery/clone.js';
import { annotationsOfSet, revisionOf, rollbackAnnotation, rollbackTarget } from './annotations.js';
import { comparableTemplate, currentSet, templateHashLabel } from './replica-sets.js';

/** What comes of the wish to go back to a former template. */
export interface Rollback {
  /** Without the wish, and with the template if there is one to go back to. */
  readonly deployment: Deployment;
  /** Told once the Deployment is written. */
  readonly event: { readonly type: EventType; readonly reason: string; readonly message: string };
}

/**
 * Carries out what `deprecated.deployment.rollback.to` asks for, as clients of APIs before apps/v1 do: a revision, or 0 for the one before
 * the present one. Null: nothing is asked for, or the present template has no ReplicaSet yet, whose revision is to be known first. Pure.
 */
export function planRollback(deployment: Deployment, sets: readonly ReplicaSet[]): Rollback | null {
  const wanted = rollbackTarget(deployment);
  if (wanted === null || deployment.spec?.paused === true) return null;
  if (currentSet(deployment, sets) === undefined) return null;
  const name = deployment.metadata.name ?? '';
  const revision = wanted === 0n ? lastRevision(sets) : wanted;
  const target = sets.find((set) => revision !== 0n && revisionOf(set) === revision);
  if (target === undefined) {
    const what = wanted === 0n ? 'last revision' : 'the revision to rollback to';
    return {
      deployment: withoutWish(deployment),
      event: warning('DeploymentRollbackRevisionNotFound', `Unable to find ${what}.`),
    };
  }
  const isSame =
    comparableTemplate(target.spec?.template) === comparableTemplate(deployment.spec?.template);
  if (isSame) {
    const text = `The rollback revision contains the same template as current deployment "${name}"`;
    return {
      deployment: withoutWish(deployment),
      event: warning('DeploymentRollbackTemplateUnchanged', text),
    };
  }
  return {
    deployment: withoutWish(withTemplateOf(deployment, target)),
    event: {
      ...{ type: 'Normal', reason: 'DeploymentRollback' },
      message: `Rolled back deployment "${name}" to revision ${revision}`,
    },
  };
}

/** The second highest; 0 when there is none. */
function lastRevision(sets: readonly ReplicaSet[]): bigint {
  let [highest, second] = [0n, 0n];
  for (const revision of sets.map(revisionOf)) {
    if (revision >= highest) [highest, second] = [revision, highest];
    else if (revision > second) second = revision;
  }
  return second;
}

function warning(reason: string, message: string): Rollback['event'] {
  return { type: 'Warning', reason, message };
}

function withTemplateOf(deployment: Deployment, set: ReplicaSet): Deployment {
  const template = cloneJson(set.spec?.template ?? {});
  const { [templateHashLabel]: _, ...labels } = template.metadata?.labels ?? {};
  const metadata = { ...template.metadata, labels };
  return {
    ...deployment,
    metadata: { ...deployment.metadata, annotations: annotationsOfSet(deployment, set) },
    spec: { ...deployment.spec, template: { ...template, metadata } },
  };
}

function withoutWish(deployment: Deployment): Deployment {
  const { [rollbackAnnotation]: _, ...annotations } = deployment.metadata.annotations ?? {};
  return { ...deployment, metadata: { ...deployment.metadata, annotations } };
}
