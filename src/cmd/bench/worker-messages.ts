import type { LocalResult } from './local-run.js';
import type { MeterSnapshot } from './meter.js';
import type { LoadSpec } from './spec.js';

/** What a worker process is told. */
export type ToWorker =
  | { readonly type: 'set-up'; readonly spec: LoadSpec }
  | { readonly type: 'run' }
  | { readonly type: 'stop' };

/** What it tells. */
export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'snapshot'; readonly snapshot: MeterSnapshot }
  | { readonly type: 'done'; readonly result: LocalResult }
  | { readonly type: 'failed'; readonly message: string };
