import type { PodSpec } from '../../gen/core-v1.js';

/** What the rules of a pod's spec depend on beside the spec. */
export interface PodRuleOptions {
  /** Whether the spec is a pod's own and not that of a template. */
  readonly isPod: boolean;
  /** The spec that is replaced: some of what newer rules refuse may stay when it was there before. */
  readonly old: PodSpec | undefined;
}
