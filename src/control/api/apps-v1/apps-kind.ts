import { kindsOf } from '../group-kind.js';

/** A kind of apps/v1. */
export const appsKind = kindsOf('apps', 'v1');
