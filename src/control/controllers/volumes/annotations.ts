/** On a claim: it was bound once, and what is seen of it since is read in this light. */
export const bindCompleted = 'pv.kubernetes.io/bind-completed';
/** On a volume or a claim: the link to the other was made by the controller, not by a user. */
export const boundByController = 'pv.kubernetes.io/bound-by-controller';
/** On a volume: who has made it for a claim. */
export const provisionedBy = 'pv.kubernetes.io/provisioned-by';
/** On a claim: who is to make a volume for it. Older provisioners read the second name. */
export const storageProvisioner = 'volume.kubernetes.io/storage-provisioner';
export const betaStorageProvisioner = 'volume.beta.kubernetes.io/storage-provisioner';
/** On a claim: the node that the scheduler has chosen for its first pod. */
export const selectedNode = 'volume.kubernetes.io/selected-node';
/** On a claim: who is to make its volume larger. */
export const storageResizer = 'volume.kubernetes.io/storage-resizer';
/** On a storage class: claims that name none get it. */
export const isDefaultClass = 'storageclass.kubernetes.io/is-default-class';
/** On a claim or volume: the name of the class, from before there was a field for it. */
export const betaStorageClass = 'volume.beta.kubernetes.io/storage-class';
/** The provisioner that is built in. */
export const hostPathProvisioner = 'flotilla.dev/host-path';
