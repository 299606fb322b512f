import type { Prng } from '../../../src/base/prng.js';
import type { PodTemplateSpec } from '../../../src/control/api/gen/core-v1.js';
import { type ApiResource, resources } from '../../../src/control/client/index.js';
import type { JsonObject } from '../../../src/control/machinery/json.js';
import type { KubeObject } from '../../../src/control/machinery/object.js';

/** A kind whose objects users make, change and delete at random. */
export interface RandomKind {
  readonly resource: ApiResource;
  /** A whole object of that name, as it may be. */
  make(prng: Prng, place: { readonly namespace: string; readonly name: string }): KubeObject;
  /** What a user may change of one: a merge patch; null: it is not changed, only made and deleted. */
  change(prng: Prng): JsonObject | null;
}

const images = ['registry.test/web:1', 'registry.test/web:2', 'registry.test/web:3'];
const storageClassName = 'fast';

/** The class that claims are of; its volumes are made by the controllers. */
export function storageClass(bindingMode: 'Immediate' | 'WaitForFirstConsumer') {
  return {
    metadata: { name: storageClassName },
    provisioner: 'flotilla.dev/host-path',
    reclaimPolicy: 'Delete',
    volumeBindingMode: bindingMode,
  };
}

function template(prng: Prng, kind: string, name: string): PodTemplateSpec {
  return {
    metadata: { labels: { app: `${kind}-${name}`, tier: prng.pick(['front', 'back']) } },
    spec: {
      terminationGracePeriodSeconds: prng.pick([0, 1, 30]),
      containers: [
        {
          ...{ name: 'main', image: prng.pick(images) },
          resources: { requests: { cpu: '10m', memory: '10Mi' } },
        },
      ],
    },
  };
}

function newImage(prng: Prng): JsonObject {
  return { spec: { template: { spec: { containers: [main(prng)] } } } };
}

function main(prng: Prng): JsonObject {
  const resources = { requests: { cpu: '10m', memory: '10Mi' } };
  return { name: 'main', image: prng.pick(images), resources };
}

function newSize(prng: Prng): JsonObject {
  return { spec: { replicas: prng.int(0, 6) } };
}

const deployments: RandomKind = {
  resource: resources.deployments,
  make: (prng, place) => ({
    metadata: place,
    spec: {
      replicas: prng.int(0, 6),
      revisionHistoryLimit: prng.int(0, 3),
      minReadySeconds: prng.pick([0, 0, 1]),
      selector: { matchLabels: { app: `deployment-${place.name}` } },
      strategy: prng.pick([
        { type: 'Recreate' },
        { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
        { type: 'RollingUpdate', rollingUpdate: { maxSurge: '100%', maxUnavailable: '50%' } },
      ]),
      template: template(prng, 'deployment', place.name),
    },
  }),
  change: (prng) =>
    prng.pick([newImage, newImage, newSize, () => ({ spec: { paused: prng.chance(0.3) } })])(prng),
};

function replicated(resource: ApiResource, kind: string, isPlain: boolean): RandomKind {
  return {
    resource,
    make: (prng, place) => {
      const labels = { app: `${kind}-${place.name}` };
      const selector = isPlain ? labels : { matchLabels: labels };
      const replicas = prng.int(0, 5);
      const spec = { replicas, selector, template: template(prng, kind, place.name) };
      return { metadata: place, spec } as KubeObject;
    },
    change: newSize,
  };
}

const statefulSets: RandomKind = {
  resource: resources.statefulSets,
  make: (prng, place) => ({
    metadata: place,
    spec: {
      replicas: prng.int(0, 4),
      serviceName: place.name,
      revisionHistoryLimit: prng.int(0, 3),
      podManagementPolicy: prng.pick(['OrderedReady', 'Parallel']),
      selector: { matchLabels: { app: `set-${place.name}` } },
      template: template(prng, 'set', place.name),
      persistentVolumeClaimRetentionPolicy: {
        whenDeleted: prng.pick(['Retain', 'Delete']),
        whenScaled: prng.pick(['Retain', 'Delete']),
      },
      ...(prng.chance(0.5)
        ? { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claimSpec }] }
        : {}),
    },
  }),
  change: (prng) => prng.pick([newImage, newSize])(prng),
};

const daemonSets: RandomKind = {
  resource: resources.daemonSets,
  make: (prng, place) => {
    const { metadata, spec } = template(prng, 'daemon', place.name);
    const nodeSelector = prng.chance(0.5) ? { pool: 'blue' } : {};
    return {
      metadata: place,
      spec: {
        revisionHistoryLimit: prng.int(0, 3),
        selector: { matchLabels: { app: `daemon-${place.name}` } },
        updateStrategy: {
          type: 'RollingUpdate',
          rollingUpdate: prng.pick([{ maxUnavailable: 1 }, { maxSurge: 1, maxUnavailable: 0 }]),
        },
        template: { metadata, spec: { ...spec, nodeSelector } },
      },
    } as KubeObject;
  },
  change: newImage,
};

const jobs: RandomKind = {
  resource: resources.jobs,
  make: (prng, place) => ({
    metadata: place,
    spec: jobSpec(prng),
  }),
  change: (prng) =>
    prng.pick([
      () => ({ spec: { parallelism: prng.int(1, 4) } }),
      () => ({ spec: { suspend: prng.chance(0.3) } }),
    ])(),
};

function jobSpec(prng: Prng): JsonObject {
  const fails = prng.chance(0.2);
  const annotations = fails ? { 'simulated.flotilla.dev/exit-code': '1' } : {};
  return {
    completions: prng.int(1, 5),
    parallelism: prng.int(1, 4),
    completionMode: prng.pick(['Indexed', 'NonIndexed']),
    backoffLimit: fails ? 0 : 100,
    suspend: prng.chance(0.2),
    ...(prng.chance(0.3) ? { ttlSecondsAfterFinished: prng.int(0, 10) } : {}),
    template: {
      metadata: { annotations },
      spec: { restartPolicy: 'Never', containers: [main(prng)] },
    },
  };
}

const cronJobs: RandomKind = {
  resource: resources.cronJobs,
  make: (prng, place) => ({
    metadata: place,
    spec: {
      schedule: '* * * * *',
      concurrencyPolicy: prng.pick(['Allow', 'Forbid', 'Replace']),
      successfulJobsHistoryLimit: prng.int(0, 3),
      failedJobsHistoryLimit: prng.int(0, 2),
      jobTemplate: { spec: { ...jobSpec(prng), suspend: false } },
    },
  }),
  change: (prng) => ({ spec: { suspend: prng.chance(0.5) } }),
};

const services: RandomKind = {
  resource: resources.services,
  make: (prng, place) => ({
    metadata: place,
    spec: {
      // Some choose pods of several owners.
      selector: prng.pick([
        { app: `deployment-${place.name}` },
        { app: `set-${place.name}` },
        { tier: 'front' },
      ]),
      ...(prng.chance(0.3) ? { clusterIP: 'None' } : {}),
      ports: [{ name: 'http', port: 80, targetPort: 8080 }],
    },
  }),
  change: (prng) => ({ spec: { selector: { tier: prng.pick(['front', 'back']), app: null } } }),
};

const budgets: RandomKind = {
  resource: resources.podDisruptionBudgets,
  make: (prng, place) => ({
    metadata: place,
    spec: {
      ...prng.pick([{ minAvailable: 1 }, { maxUnavailable: '50%' }]),
      selector: { matchLabels: { app: `deployment-${place.name}` } },
    },
  }),
  change: () => null,
};

const quotas: RandomKind = {
  resource: resources.resourceQuotas,
  make: (prng, place) => ({
    metadata: place,
    spec: {
      hard: prng.pick([
        { pods: '500', 'requests.cpu': '100' },
        { services: '100', 'count/jobs.batch': '100', 'count/configmaps': '1000' },
        { persistentvolumeclaims: '100', 'count/deployments.apps': '100', pods: '400' },
      ]),
    },
  }),
  change: (prng) => ({ spec: { hard: { secrets: String(prng.int(50, 90)) } } }),
};

const claimSpec = {
  ...{ storageClassName, accessModes: ['ReadWriteOnce'] },
  resources: { requests: { storage: '1Gi' } },
};

const claims: RandomKind = {
  resource: resources.persistentVolumeClaims,
  make: (_, place) => ({ metadata: place, spec: claimSpec }) as KubeObject,
  change: () => null,
};

const configMaps: RandomKind = {
  resource: resources.configMaps,
  make: (prng, place) => ({ metadata: place, data: { key: String(prng.int(0, 9)) } }),
  change: (prng) => ({ data: { key: String(prng.int(0, 9)) } }),
};

/** The kinds, those that make much happen several times. */
export const workloadKinds: readonly RandomKind[] = [
  ...[deployments, deployments, deployments, statefulSets, statefulSets, daemonSets],
  ...[jobs, jobs, cronJobs, services, services, budgets, quotas, claims, configMaps],
  replicated(resources.replicaSets, 'set-of-replicas', false),
  replicated(resources.replicationControllers, 'controller', true),
];
