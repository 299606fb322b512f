import type { KubeObject } from '../machinery/object.js';

/**
 * Between a version that is served and the version that is stored. Both ways make a new object and leave the old one as it is; what
 * one side cannot say is kept in annotations, so that there and back changes nothing.
 */
export interface VersionConversion {
  toStored(object: KubeObject): KubeObject;
  fromStored(object: KubeObject): KubeObject;
}
