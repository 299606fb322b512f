import { fieldPath, invalidValue } from '../../../machinery/field-path.js';
import { fieldsOf, integerOf, refuseProblems, textOf } from '../plugin-arguments.js';

/** InterferenceAwareArgs. */
export interface InterferenceArgs {
  /** `metrics`: node metrics of metrics.k8s.io; `annotation`: what nodes carry. */
  readonly source: 'metrics' | 'annotation';
  /** How often metrics are asked for. */
  readonly refreshSeconds: number;
  /** What is older is not believed any more. */
  readonly maxAgeSeconds: number;
  /** Nodes that are busier, in percent of their CPU or memory, take no more pods; 100 refuses none. */
  readonly maxUtilization: number;
  /** Above that, in percent, a node scores nothing. */
  readonly targetUtilization: number;
}

/** Reads and checks the arguments. Throws ConfigurationError. */
export function interferenceArgs(args: unknown): InterferenceArgs {
  const fields = fieldsOf(args, [
    ...['source', 'refreshSeconds', 'maxAgeSeconds', 'maxUtilization', 'targetUtilization'],
  ]);
  const source = textOf(fields, 'source', 'metrics');
  const refreshSeconds = integerOf(fields, 'refreshSeconds', 15);
  const maxAgeSeconds = integerOf(fields, 'maxAgeSeconds', 120);
  const maxUtilization = integerOf(fields, 'maxUtilization', 100);
  const targetUtilization = integerOf(fields, 'targetUtilization', 80);
  const percent = { maxUtilization, targetUtilization };
  const seconds = { refreshSeconds, maxAgeSeconds };
  refuseProblems([
    ...(source === 'metrics' || source === 'annotation'
      ? []
      : [invalidValue(fieldPath('source'), source, 'must be metrics or annotation')]),
    ...Object.entries(percent)
      .filter(([, value]) => value < 1 || value > 100)
      .map(([field, value]) =>
        invalidValue(fieldPath(field), value, 'not in valid range [1, 100]'),
      ),
    ...Object.entries(seconds)
      .filter(([, value]) => value < 1)
      .map(([field, value]) =>
        invalidValue(fieldPath(field), value, 'not in valid range [1, inf)'),
      ),
  ]);
  return {
    source: source === 'annotation' ? 'annotation' : 'metrics',
    ...{ refreshSeconds, maxAgeSeconds, maxUtilization, targetUtilization },
  };
}
