import { kindsOf } from '../group-kind.js';

/** A kind of networking.k8s.io/v1. */
export const networkingKind = kindsOf('networking.k8s.io', 'v1');
