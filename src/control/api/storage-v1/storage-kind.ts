import { kindsOf } from '../group-kind.js';

/** A kind of storage.k8s.io/v1. */
export const storageKind = kindsOf('storage.k8s.io', 'v1');
