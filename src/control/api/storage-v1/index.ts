import type { KindDefinition } from '../kind-definition.js';
import { csiDriverKind } from './csi-driver.js';
import { csiNodeKind } from './csi-node.js';
import { csiStorageCapacityKind } from './csi-storage-capacity.js';
import { storageClassKind } from './storage-class.js';
import { volumeAttachmentKind } from './volume-attachment.js';
import { volumeAttributesClassKind } from './volume-attributes-class.js';

/** The rules of the kinds of storage.k8s.io/v1. */
export const kinds: readonly KindDefinition[] = [
  csiDriverKind,
  csiNodeKind,
  csiStorageCapacityKind,
  storageClassKind,
  volumeAttachmentKind,
  volumeAttributesClassKind,
];
