import { fieldPath, invalidValue } from '../../../machinery/field-path.js';
import { fieldsOf, integerOf, refuseProblems } from '../plugin-arguments.js';

/** VolumeBindingArgs. */
export interface VolumeBindingArgs {
  /** How long volumes may take to be bound. */
  readonly bindTimeoutSeconds: number;
}

/** Reads and checks VolumeBindingArgs. Throws ConfigurationError. */
export function volumeBindingArgs(args: unknown): VolumeBindingArgs {
  const fields = fieldsOf(args, ['bindTimeoutSeconds', 'shape']);
  const bindTimeoutSeconds = integerOf(fields, 'bindTimeoutSeconds', 600);
  const { shape } = fields;
  refuseProblems([
    ...(bindTimeoutSeconds < 0
      ? [
          invalidValue(
            fieldPath('bindTimeoutSeconds'),
            bindTimeoutSeconds,
            'invalid BindTimeoutSeconds, should not be a negative value',
          ),
        ]
      : []),
    ...(shape === undefined || shape === null
      ? []
      : [
          invalidValue(
            fieldPath('shape'),
            shape,
            'unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring',
          ),
        ]),
  ]);
  return { bindTimeoutSeconds };
}
