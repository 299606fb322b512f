import type { GroupResource } from '../../machinery/object.js';
import type { DefaultPropagation } from './registry-options.js';

/** What resources do differently around their storage; everything else is the same for all. */
export interface KindHabits {
  readonly defaultPropagation: DefaultPropagation;
  /** Whether an immediate deletion answers the object; else a Status. */
  readonly returnsDeletedObject: boolean;
  /** Whether reads are served from memory. */
  readonly isCached: boolean;
  /** Whether objects go by themselves after `--event-ttl`. */
  readonly isShortLived: boolean;
}

const usual: KindHabits = {
  defaultPropagation: 'Background',
  returnsDeletedObject: false,
  isCached: true,
  isShortLived: false,
};

const answersObject = { ...usual, returnsDeletedObject: true };

const exceptions: Readonly<Record<string, KindHabits>> = {
  events: { ...usual, defaultPropagation: 'Unsupported', isCached: false, isShortLived: true },
  pods: answersObject,
  services: answersObject,
  serviceaccounts: answersObject,
  podtemplates: answersObject,
  resourcequotas: answersObject,
  persistentvolumes: answersObject,
  persistentvolumeclaims: answersObject,
  replicationcontrollers: { ...usual, defaultPropagation: 'Orphan' },
  'jobs.batch': { ...usual, defaultPropagation: 'Orphan' },
  'storageclasses.storage.k8s.io': answersObject,
  'csidrivers.storage.k8s.io': answersObject,
  'csinodes.storage.k8s.io': answersObject,
  'volumeattachments.storage.k8s.io': answersObject,
};

/** The habits of a resource. */
export function habitsOf({ group, resource }: GroupResource): KindHabits {
  return exceptions[group === '' ? resource : `${resource}.${group}`] ?? usual;
}

const indexed: Readonly<Record<string, readonly string[]>> = {
  pods: ['spec.nodeName'],
};

/** Selectable fields that objects in memory are filed under, because lists by them are frequent and find few of many. */
export function indexedFieldsOf({ group, resource }: GroupResource): readonly string[] {
  return indexed[group === '' ? resource : `${resource}.${group}`] ?? [];
}
