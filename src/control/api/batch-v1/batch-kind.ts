import { kindsOf } from '../group-kind.js';

/** A kind of batch/v1. */
export const batchKind = kindsOf('batch', 'v1');
