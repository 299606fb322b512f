import type { AdmissionPlugin, AdmissionRequest } from '../contracts.js';
import type { Admission } from './registry-options.js';

/** One plugin, or webhook, that looked at one request. */
export interface AdmissionStep {
  readonly name: string;
  /** `admit` may change the object. */
  readonly type: 'admit' | 'validate';
  readonly operation: string;
  readonly isRejected: boolean;
}

/** Milliseconds now, and who is told how long each plugin took. */
export interface AdmissionTimes {
  now(): number;
  onStep(step: AdmissionStep, seconds: number): void;
}

/** Runs plugins in order; each is asked only about the operations that it handles. */
export function admissionChain(
  plugins: readonly AdmissionPlugin[],
  times: AdmissionTimes | null = null,
): Admission {
  const run = async (
    request: AdmissionRequest,
    type: AdmissionStep['type'],
    phaseOf: (plugin: AdmissionPlugin) => AdmissionPlugin['mutate'],
  ): Promise<void> => {
    const { operation } = request;
    for (const plugin of plugins) {
      const phase = phaseOf(plugin);
      if (phase === undefined || !plugin.handles(operation)) continue;
      const startMs = times?.now() ?? 0;
      let isRejected = true;
      try {
        const pending = phase.call(plugin, request);
        if (pending !== undefined) await pending;
        isRejected = false;
      } finally {
        const step = { name: plugin.name, type, operation, isRejected };
        times?.onStep(step, (times.now() - startMs) / 1000);
      }
    }
  };
  return {
    mutate: (request) => run(request, 'admit', (plugin) => plugin.mutate),
    validate: (request) => run(request, 'validate', (plugin) => plugin.validate),
  };
}
