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
  times: AdmissionTimes = noTimes,
): Admission {
  const phases = {
    admit: phasesOf(plugins, 'admit'),
    validate: phasesOf(plugins, 'validate'),
  };
  const run = async (request: AdmissionRequest, phase: Phase): Promise<void> => {
    const startMs = times.now();
    let stepStartMs = startMs;
    let outcome = phase.rejected;
    try {
      for (const { plugin, look, accepted, rejected } of phase.steps) {
        let stepOutcome = rejected;
        try {
          const pending = look.call(plugin, request);
          if (pending !== undefined) await pending;
          stepOutcome = accepted;
        } finally {
          const endMs = times.now();
          times.onStep(stepOutcome, (endMs - stepStartMs) / 1000);
          stepStartMs = endMs;
        }
      }
      outcome = phase.accepted;
    } finally {
      times.onPhase(outcome, (times.now() - startMs) / 1000);
    }
  };
  return {
    mutate: (request) => run(request, phases.admit[request.operation]),
    validate: (request) => run(request, phases.validate[request.operation]),
  };
}

const noTimes: AdmissionTimes = { now: () => 0, onStep() {}, onPhase() {} };

type Operation = AdmissionRequest['operation'];

/** How something ended, each as one object: a write takes dozens of steps, and who counts them looks them up by it. */
interface Outcomes {
  readonly accepted: AdmissionStep;
  readonly rejected: AdmissionStep;
}

/** What one plugin does in a phase. */
interface PhaseStep extends Outcomes {
  readonly plugin: AdmissionPlugin;
  readonly look: NonNullable<AdmissionPlugin['mutate']>;
}

/** What is done about one operation, in order. */
interface Phase extends Outcomes {
  readonly steps: readonly PhaseStep[];
}

function phasesOf(
  plugins: readonly AdmissionPlugin[],
  type: AdmissionStep['type'],
): Readonly<Record<Operation, Phase>> {
  const phaseOf = (operation: Operation): Phase => {
    const outcomesOf = (name: string): Outcomes => {
      const step = { name, type, operation };
      return { accepted: { ...step, isRejected: false }, rejected: { ...step, isRejected: true } };
    };
    const steps: PhaseStep[] = [];
    for (const plugin of plugins) {
      const look = type === 'admit' ? plugin.mutate : plugin.validate;
      if (look === undefined || !plugin.handles(operation)) continue;
      steps.push({ plugin, look, ...outcomesOf(plugin.name) });
    }
    return { steps, ...outcomesOf('') };
  };
  return {
    CREATE: phaseOf('CREATE'),
    UPDATE: phaseOf('UPDATE'),
    DELETE: phaseOf('DELETE'),
    CONNECT: phaseOf('CONNECT'),
  };
}
