import type { FieldError } from '../../machinery/field-errors.js';
import { joinFieldErrors } from '../../machinery/field-path.js';
import { ConfigError } from './config-object.js';

/** Does nothing without errors. Throws {@link ConfigError} with all of them. */
export function refuseFieldErrors(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw new ConfigError(joinFieldErrors(errors));
}
