import type { KindDefinition } from '../kind-definition.js';
import { cronJobKind } from './cron-job.js';
import { jobKind } from './job.js';

/** The rules of the kinds of batch/v1. */
export const kinds: readonly KindDefinition[] = [cronJobKind, jobKind];
