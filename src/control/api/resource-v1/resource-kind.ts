import { kindsOf } from '../group-kind.js';

/** A kind of resource.k8s.io/v1. */
export const resourceKind = kindsOf('resource.k8s.io', 'v1');
