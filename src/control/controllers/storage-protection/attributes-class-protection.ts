import type { PersistentVolume, PersistentVolumeClaim } from '../../api/gen/core-v1.js';
import { resources } from '../../client/index.js';
import type { Controller, ControllerParts } from '../controller.js';
import { Protection } from './protection.js';

const byAttributesClass = 'volume-attributes-class';

/** A class of volume attributes stays as long as a claim or a volume has it, or is about to get it. */
export function attributesClassProtection(parts: ControllerParts): Controller {
  const { client, informers } = parts;
  const claims = informers.of(resources.persistentVolumeClaims, {
    indexes: { [byAttributesClass]: classesOfClaim },
  });
  const volumes = informers.of(resources.persistentVolumes, {
    indexes: { [byAttributesClass]: classesOfVolume },
  });
  const protection = new Protection(parts, {
    name: 'volumeattributesclass-protection-controller',
    queueName: 'vacprotection',
    resource: resources.volumeAttributesClasses,
    finalizer: 'kubernetes.io/vac-protection',
    isUsed: ({ metadata: { name = '' } }) =>
      claims.lister.byIndex(byAttributesClass, name).length > 0 ||
      volumes.lister.byIndex(byAttributesClass, name).length > 0,
    isUsedForSure: async ({ metadata: { name = '' } }, signal) => {
      const ofClaims = await client.objects(resources.persistentVolumeClaims).list({ signal });
      if (ofClaims.items.some((claim) => classesOfClaim(claim).includes(name))) return true;
      const ofVolumes = await client.objects(resources.persistentVolumes).list({ signal });
      return ofVolumes.items.some((volume) => classesOfVolume(volume).includes(name));
    },
    informers: [claims, volumes],
  });
  const look = (names: readonly string[]) => {
    for (const name of names) protection.look(name);
  };
  claims.addHandler({
    onUpdate: (before) => look(classesOfClaim(before)),
    onDelete: (claim) => look(classesOfClaim(claim)),
  });
  volumes.addHandler({
    onUpdate: (before) => look(classesOfVolume(before)),
    onDelete: (volume) => look(classesOfVolume(volume)),
  });
  return protection;
}

/** The classes that a claim asks for, has, and is about to get. */
export function classesOfClaim({ spec, status }: PersistentVolumeClaim): string[] {
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return [...new Set(names.filter((name) => name !== undefined && name !== ''))] as string[];
}

function classesOfVolume({ spec }: PersistentVolume): string[] {
  const name = spec?.volumeAttributesClassName ?? '';
  return name === '' ? [] : [name];
}
