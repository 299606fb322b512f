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
  /** Steps that are alike are one object. */
  onStep(step: AdmissionStep, seconds: number): void;
  /** All plugins of a phase together; the name is ''. */
  onPhase(phase: AdmissionStep, seconds: number): void;
}

/** Runs plugins in order; each is asked only about the operations that it handles. */
export function admissionChain(
  plugins: readonly AdmissionPlugin[],
  times: AdmissionTimes | null = null,
): Admission {
  const steps = new KnownSteps();
  const run = async (
    request: AdmissionRequest,
    type: AdmissionStep['type'],
    phaseOf: (plugin: AdmissionPlugin) => AdmissionPlugin['mutate'],
  ): Promise<void> => {
    const { operation } = request;
    let startMs = times?.now() ?? 0;
    for (const plugin of plugins) {
      const phase = phaseOf(plugin);
      if (phase === undefined || !plugin.handles(operation)) continue;
      let isRejected = true;
      try {
        const pending = phase.call(plugin, request);
        if (pending !== undefined) await pending;
        isRejected = false;
      } finally {
        if (times !== null) {
          const endMs = times.now();
          const step = steps.same({ name: plugin.name, type, operation, isRejected });
          times.onStep(step, (endMs - startMs) / 1000);
          startMs = endMs;
        }
      }
    }
  };
  const timed = async (
    request: AdmissionRequest,
    type: AdmissionStep['type'],
    phaseOf: (plugin: AdmissionPlugin) => AdmissionPlugin['mutate'],
  ): Promise<void> => {
    if (times === null) return run(request, type, phaseOf);
    const startMs = times.now();
    let isRejected = true;
    try {
      await run(request, type, phaseOf);
      isRejected = false;
    } finally {
      const phase = steps.same({ name: '', type, operation: request.operation, isRejected });
      times.onPhase(phase, (times.now() - startMs) / 1000);
    }
  };
  return {
    mutate: (request) => timed(request, 'admit', (plugin) => plugin.mutate),
    validate: (request) => timed(request, 'validate', (plugin) => plugin.validate),
  };
}

/** One object for all steps that are alike: a write takes dozens, and who counts them looks them up by it. */
class KnownSteps {
  readonly #byName = new Map<string, AdmissionStep[]>();

  same(step: AdmissionStep): AdmissionStep {
    let known = this.#byName.get(step.name);
    if (known === undefined) {
      known = [];
      this.#byName.set(step.name, known);
    }
    for (const each of known) if (isAlike(each, step)) return each;
    known.push(step);
    return step;
  }
}

function isAlike(a: AdmissionStep, b: AdmissionStep): boolean {
  return a.operation === b.operation && a.type === b.type && a.isRejected === b.isRejected;
}
