import type {
  Deployment,
  DeploymentCondition,
  ReplicaSet,
} from '../../../../src/control/api/gen/apps-v1.js';
import {
  type DeploymentPlan,
  type DeploymentState,
  planDeployment,
} from '../../../../src/control/controllers/deployment/plan.js';
import { ago, nowMs } from '../pods/samples.js';
import { template } from '../pods/workload-env.js';

/** A Deployment of a table: `web`, with the template of image `web:N`. */
export function deploymentSample(
  spec: Deployment['spec'] & { readonly version?: number } = {},
  status: Deployment['status'] = {},
): Deployment {
  const { version = 2, ...rest } = spec;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', uid: 'web', generation: 3 },
    spec: {
      replicas: 10,
      selector: { matchLabels: { app: 'web' } },
      template: template('web', `web:${version}`),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } },
      progressDeadlineSeconds: 600,
      ...rest,
    },
    status,
  };
}

/** What a ReplicaSet of a table is like; by default all its pods are available, and its controller has seen everything. */
export interface SetSample {
  readonly replicas: number;
  readonly available?: number;
  /** Pods that it has. */
  readonly pods?: number;
  readonly revision?: number;
  readonly desired?: number;
  readonly max?: number;
  readonly isObserved?: boolean;
  readonly annotations?: Record<string, string>;
  readonly conditions?: ReplicaSet['status'] extends infer S | undefined
    ? S extends { conditions?: infer C }
      ? C
      : never
    : never;
}

/** The ReplicaSet of a version; the higher the younger. */
export function setSample(version: number, sample: SetSample): ReplicaSet {
  const { replicas, available = replicas, pods = replicas, revision = version } = sample;
  const { desired = 10, max = 13, isObserved = true, conditions } = sample;
  return {
    metadata: {
      name: `web-${version}`,
      namespace: 'default',
      uid: `web-${version}`,
      generation: 2,
      creationTimestamp: ago(1000 - version),
      annotations: {
        'deployment.kubernetes.io/revision': String(revision),
        'deployment.kubernetes.io/desired-replicas': String(desired),
        'deployment.kubernetes.io/max-replicas': String(max),
        ...sample.annotations,
      },
    },
    spec: { replicas, template: template('web', `web:${version}`) },
    status: {
      replicas: pods,
      readyReplicas: available,
      availableReplicas: available,
      terminatingReplicas: 0,
      observedGeneration: isObserved ? 2 : 1,
      ...(conditions === undefined ? {} : { conditions }),
    },
  };
}

/** A condition `Progressing` that was last told of so many seconds ago. */
export function progress(
  reason: string,
  { status = 'True', seconds = 10 }: { readonly status?: string; readonly seconds?: number } = {},
): DeploymentCondition {
  return {
    type: 'Progressing',
    ...{ status, reason, message: 'm' },
    ...{ lastUpdateTime: ago(seconds), lastTransitionTime: ago(seconds) },
  };
}

/** The plan of a state at {@link nowMs}. */
export function planOf(
  deployment: Deployment,
  replicaSets: readonly ReplicaSet[],
  rest: Partial<DeploymentState> = {},
): DeploymentPlan {
  return planDeployment({
    ...{ deployment, replicaSets, nowMs, hasRunningPods: () => false },
    ...rest,
  });
}

/** The sizes after a plan, by the version in the name; `new` for one that is to be made. */
export function sizesAfter({ changes }: DeploymentPlan): Record<string, number> {
  return Object.fromEntries(
    changes
      .filter(({ before, after }) => before?.spec?.replicas !== after.spec?.replicas)
      .map(({ before, after }) => [
        before === null ? 'new' : (after.metadata.name ?? '').replace('web-', ''),
        after.spec?.replicas ?? -1,
      ]),
  );
}
