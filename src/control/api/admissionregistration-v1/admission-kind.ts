import { kindsOf } from '../group-kind.js';

/** A kind of admissionregistration.k8s.io/v1. */
export const admissionKind = kindsOf('admissionregistration.k8s.io', 'v1');
