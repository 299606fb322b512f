import type { PersistentVolumeClaim } from '../../../api/gen/core-v1.js';
import type { Ingress, IngressClass } from '../../../api/gen/networking-v1.js';
import type { StorageClass } from '../../../api/gen/storage-v1.js';
import type { KubeObject } from '../../../machinery/object.js';
import { Quantity } from '../../../machinery/quantity.js';
import type { AdmissionPlugin } from '../../contracts.js';
import { definePlugin, isAbout, newObject, oldObject } from '../plugin.js';
import { refusal } from '../refusal.js';
import { type AdmissionServices, findObject } from '../services.js';

const storageClasses = { group: 'storage.k8s.io', resource: 'storageclasses' };
const ingressClasses = { group: 'networking.k8s.io', resource: 'ingressclasses' };
const betaClassAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** Gives claims that name no storage class the default one, when there is one. */
export function defaultStorageClass({ objects }: AdmissionServices): AdmissionPlugin {
  return definePlugin('DefaultStorageClass', ['CREATE'], {
    async mutate(request) {
      const claim = isAbout(request, 'persistentvolumeclaims')
        ? newObject<PersistentVolumeClaim>(request)
        : null;
      if (claim === null || claimClass(claim) !== undefined) return;
      const classes = (await objects.list(storageClasses, '')) as readonly StorageClass[];
      const byDefault = newestDefault(classes, [
        'storageclass.kubernetes.io/is-default-class',
        'storageclass.beta.kubernetes.io/is-default-class',
      ]);
      if (byDefault?.metadata.name === undefined) return;
      claim.spec ??= {};
      claim.spec.storageClassName = byDefault.metadata.name;
    },
  });
}

/** Gives Ingresses that name no class the default one. */
export function defaultIngressClass({ objects }: AdmissionServices): AdmissionPlugin {
  return definePlugin('DefaultIngressClass', ['CREATE'], {
    async mutate(request) {
      const ingress = isAbout(request, 'ingresses', { group: 'networking.k8s.io' })
        ? newObject<Ingress>(request)
        : null;
      if (ingress === null || ingress.spec?.ingressClassName !== undefined) return;
      if (ingress.metadata.annotations?.['kubernetes.io/ingress.class'] !== undefined) return;
      const classes = (await objects.list(ingressClasses, '')) as readonly IngressClass[];
      const byDefault = newestDefault(classes, ['ingressclass.kubernetes.io/is-default-class']);
      if (byDefault?.metadata.name === undefined) return;
      ingress.spec ??= {};
      ingress.spec.ingressClassName = byDefault.metadata.name;
    },
  });
}

/** Keeps claims, volumes and attribute classes until nobody uses them: a controller takes the finalizer away. */
export const storageObjectInUseProtection = definePlugin(
  'StorageObjectInUseProtection',
  ['CREATE'],
  {
    mutate(request) {
      const finalizer = protectionOf(request.group, request.resource);
      const object = request.subresource === '' ? request.object : null;
      if (finalizer === undefined || object === null) return;
      const finalizers = object.metadata.finalizers ?? [];
      if (!finalizers.includes(finalizer)) object.metadata.finalizers = [...finalizers, finalizer];
    },
  },
);

function protectionOf(group: string, resource: string): string | undefined {
  if (group === '' && resource === 'persistentvolumeclaims') return 'kubernetes.io/pvc-protection';
  if (group === '' && resource === 'persistentvolumes') return 'kubernetes.io/pv-protection';
  if (group === 'storage.k8s.io' && resource === 'volumeattributesclasses')
    return 'kubernetes.io/vac-protection';
  return undefined;
}

/** Claims grow only when they are bound and their storage class says that it can. */
export function persistentVolumeClaimResize(services: AdmissionServices): AdmissionPlugin {
  return definePlugin('PersistentVolumeClaimResize', ['UPDATE'], {
    async validate(request) {
      if (!isAbout(request, 'persistentvolumeclaims')) return;
      const claim = newObject<PersistentVolumeClaim>(request);
      const old = oldObject<PersistentVolumeClaim>(request);
      if (claim === null || old === null || storageOf(claim).compare(storageOf(old)) <= 0) return;
      if (old.status?.phase !== 'Bound')
        throw refusal(request, 'Only bound persistent volume claims can be expanded');
      if (!(await mayGrow(claim, old, services))) {
        throw refusal(
          request,
          'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
        );
      }
    },
  });
}

async function mayGrow(
  claim: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
  services: AdmissionServices,
): Promise<boolean> {
  const name = claimClass(claim) ?? '';
  if (name === '' || name !== (claimClass(old) ?? '')) return false;
  const found = (await findObject(services, storageClasses, '', name)) as StorageClass | undefined;
  return found?.allowVolumeExpansion === true;
}

function storageOf({ spec }: PersistentVolumeClaim): Quantity {
  return Quantity.parse(spec?.resources?.requests?.storage ?? '0');
}

function claimClass({ metadata, spec }: PersistentVolumeClaim): string | undefined {
  return metadata.annotations?.[betaClassAnnotation] ?? spec?.storageClassName;
}

/** Of several defaults the newest, then the first by name. */
function newestDefault<T extends KubeObject>(
  classes: readonly T[],
  annotations: readonly string[],
): T | undefined {
  const byDefault = classes.filter(({ metadata }) =>
    annotations.some((annotation) => metadata.annotations?.[annotation] === 'true'),
  );
  return byDefault.sort((a, b) => {
    const [left, right] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
    if (left !== right) return left > right ? -1 : 1;
    return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1;
  })[0];
}
