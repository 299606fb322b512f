import type { Volume } from '../../../api/gen/core-v1.js';
import { forbiddenSeccomp, isAllowedSeccomp } from './baseline-checks.js';
import {
  containersOf,
  containersText,
  namesWhere,
  type PodCheck,
  plural,
  quoted,
  settersText,
  sortedSet,
  volumesOf,
} from './check.js';

export const allowPrivilegeEscalation: PodCheck = (pod) => {
  const names = namesWhere(
    pod,
    ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false,
  );
  if (names.length === 0) return null;
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${containersText(names)} must set securityContext.allowPrivilegeEscalation=false`,
  };
};

export const capabilitiesRestricted: PodCheck = (pod) => {
  const keeping = namesWhere(
    pod,
    ({ securityContext }) => securityContext?.capabilities?.drop?.includes('ALL') !== true,
  );
  const added = ({
    securityContext,
  }: {
    securityContext?: { capabilities?: { add?: string[] } };
  }) => (securityContext?.capabilities?.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE');
  const adding = containersOf(pod).filter((container) => added(container).length > 0);
  const details = [
    ...(keeping.length > 0
      ? [`${containersText(keeping)} must set securityContext.capabilities.drop=["ALL"]`]
      : []),
    ...(adding.length > 0
      ? [
          `${containersText(adding.map(({ name = '' }) => name))} must not include ${quoted(sortedSet(adding.flatMap(added)))} in securityContext.capabilities.add`,
        ]
      : []),
  ];
  return details.length === 0
    ? null
    : { reason: 'unrestricted capabilities', detail: details.join('; ') };
};

const allowedVolumes: readonly (keyof Volume)[] = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

const namedVolumes: readonly (keyof Volume)[] = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'gitRepo',
  'nfs',
  'iscsi',
  'glusterfs',
  'rbd',
  'flexVolume',
  'cinder',
  'cephfs',
  'flocker',
  'fc',
  'azureFile',
  'vsphereVolume',
  'quobyte',
  'azureDisk',
  'photonPersistentDisk',
  'portworxVolume',
  'scaleIO',
  'storageos',
];

export const restrictedVolumes: PodCheck = (pod) => {
  const bad = volumesOf(pod).filter((volume) =>
    allowedVolumes.every((type) => volume[type] === undefined),
  );
  if (bad.length === 0) return null;
  const types = sortedSet(
    bad.map((volume) => namedVolumes.find((type) => volume[type] !== undefined) ?? 'unknown'),
  );
  const count = bad.length;
  return {
    reason: 'restricted volume types',
    detail: `${plural('volume', count)} ${quoted(bad.map(({ name = '' }) => name))} ${count === 1 ? 'uses' : 'use'} ${plural('restricted volume type', types.length)} ${quoted(types)}`,
  };
};

export const runAsNonRoot: PodCheck = (pod) => {
  const reason = 'runAsNonRoot != true';
  const ofPod = pod.spec.securityContext?.runAsNonRoot;
  const explicit = namesWhere(
    pod,
    ({ securityContext }) => securityContext?.runAsNonRoot === false,
  );
  if (ofPod === false || explicit.length > 0) {
    return {
      reason,
      detail: `${settersText(ofPod === false, explicit)} must not set securityContext.runAsNonRoot=false`,
    };
  }
  const implicit = namesWhere(
    pod,
    ({ securityContext }) => securityContext?.runAsNonRoot === undefined && ofPod !== true,
  );
  if (implicit.length === 0) return null;
  return {
    reason,
    detail: `pod or ${containersText(implicit)} must set securityContext.runAsNonRoot=true`,
  };
};

export const runAsUser: PodCheck = (pod) => {
  const isPod = pod.spec.securityContext?.runAsUser === 0;
  const names = namesWhere(pod, ({ securityContext }) => securityContext?.runAsUser === 0);
  if (!isPod && names.length === 0) return null;
  return { reason: 'runAsUser=0', detail: `${settersText(isPod, names)} must not set runAsUser=0` };
};

export const seccompRestricted: PodCheck = (pod) => {
  const forbidden = forbiddenSeccomp(pod);
  if (forbidden !== null) return forbidden;
  const isPodSet = isAllowedSeccomp(pod.spec.securityContext?.seccompProfile?.type);
  const implicit = namesWhere(
    pod,
    ({ securityContext }) => securityContext?.seccompProfile === undefined && !isPodSet,
  );
  if (implicit.length === 0) return null;
  return {
    reason: 'seccompProfile',
    detail: `pod or ${containersText(implicit)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  };
};
