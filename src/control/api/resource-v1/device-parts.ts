import {
  duplicate,
  type FieldPath,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../../machinery/field-path.js';
import { isJsonObject } from '../../machinery/json-object.js';
import { validateLabelKey } from '../../machinery/labels.js';
import { labelValueProblems } from '../../machinery/names.js';
import { utf8Length } from '../../machinery/quote.js';
import { addProblems, type FieldErrors } from '../core-v1/field-checks.js';
import type {
  DeviceSelector,
  DeviceTaint,
  DeviceToleration,
  OpaqueDeviceConfiguration,
} from '../gen/resource-v1.js';
import { checkItems } from './bounded.js';
import { checkDriverName } from './names.js';

/** Compiles an expression that selects devices and says what is wrong with it. Pure. */
export type DeviceExpressionChecker = (expression: string, path: FieldPath) => FieldErrors;

const selectorsMax = 32;
const expressionBytesMax = 10 * 1024;
/** Bytes that the parameters of a driver, or what it says of a device, may take. */
export const opaqueBytesMax: number = 10 * 1024;
const effects = ['NoExecute', 'NoSchedule', 'None'];
const operators = ['Equal', 'Exists'];
const bindingConditionsMax = 4;

/** Expressions that must all hold of a device. */
export function checkSelectors(
  selectors: readonly DeviceSelector[] | undefined,
  check: DeviceExpressionChecker | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkItems(
    selectors,
    selectorsMax,
    ({ cel }, entry) => {
      const celPath = entry.child('cel');
      const expressionPath = celPath.child('expression');
      if (cel === undefined) errors.push(required(celPath, ''));
      else if (utf8Length(cel.expression ?? '') > expressionBytesMax) {
        errors.push(tooLong(expressionPath, '', expressionBytesMax));
      } else errors.push(...(check?.(cel.expression ?? '', expressionPath) ?? []));
    },
    path,
    errors,
  );
}

/** What a driver is told; only the driver knows what it means. */
export function checkConfiguration(
  { opaque }: { readonly opaque?: OpaqueDeviceConfiguration },
  path: FieldPath,
  errors: FieldErrors,
): void {
  const opaquePath = path.child('opaque');
  if (opaque === undefined) {
    errors.push(required(opaquePath, ''));
    return;
  }
  checkDriverName(opaque.driver, opaquePath.child('driver'), errors);
  checkRawObject(opaque.parameters, opaquePath.child('parameters'), errors);
}

/** Any JSON object, within bounds. */
export function checkRawObject(value: unknown, path: FieldPath, errors: FieldErrors): void {
  if (value === undefined || value === null) errors.push(required(path, ''));
  else if (utf8Length(JSON.stringify(value) ?? '') > opaqueBytesMax) {
    errors.push(tooLong(path, '', opaqueBytesMax));
  } else if (!isJsonObject(value)) {
    errors.push(invalidValue(path, '<value omitted>', 'must be a valid JSON object'));
  }
}

/** What keeps claims from a device; `old` is what the same taint had before. */
export function checkDeviceTaint(taint: DeviceTaint, path: FieldPath, errors: FieldErrors): void {
  const { key = '', value = '', effect = '' } = taint;
  errors.push(...validateLabelKey(key, path.child('key')));
  addProblems(labelValueProblems(value), path.child('value'), value, errors);
  const effectPath = path.child('effect');
  if (effect === '') errors.push(required(effectPath, ''));
  else if (!effects.includes(effect)) errors.push(notSupported(effectPath, effect, effects));
}

/** Which taints a request puts up with. */
export function checkDeviceToleration(
  { key = '', operator = '', value = '', effect = '' }: DeviceToleration,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (key !== '') errors.push(...validateLabelKey(key, path.child('key')));
  const [operatorPath, valuePath] = [path.child('operator'), path.child('value')];
  if (operator === 'Exists') {
    if (value !== '') {
      errors.push(invalidValue(valuePath, value, 'must be empty for operator `Exists`'));
    }
  } else if (operator === 'Equal') {
    addProblems(labelValueProblems(value), valuePath, value, errors);
  } else if (operator === '') {
    errors.push(required(operatorPath, ''));
  } else {
    errors.push(notSupported(operatorPath, operator, operators));
  }
  if (effect === '' || effects.includes(effect)) return;
  errors.push(notSupported(path.child('effect'), effect, effects));
}

/** What must become true of a device, or must not, before a pod is bound to its node. */
export function checkBindingConditions(
  conditions: readonly string[] = [],
  failures: readonly string[] = [],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const conditionsPath = path.child('bindingConditions');
  const failuresPath = path.child('bindingFailureConditions');
  const lists = [
    [conditions, conditionsPath],
    [failures, failuresPath],
  ] as const;
  for (const [list, listPath] of lists) {
    const check = (name: string, entry: FieldPath): void => {
      errors.push(...validateLabelKey(name, entry));
    };
    checkItems(list, bindingConditionsMax, check, listPath, errors);
  }
  for (const [list, listPath] of lists) {
    list.forEach((name, at) => {
      if (list.indexOf(name) < at) errors.push(duplicate(listPath.index(at), name));
      if (list === failures && conditions.includes(name)) {
        const text = 'bindingFailureConditions must not overlap with bindingConditions';
        errors.push(invalidValue(listPath.index(at), name, text));
      }
    });
  }
  if (conditions.length === 0 && failures.length > 0) {
    const text = 'bindingConditions are required to use bindingFailureConditions';
    errors.push(invalidValue(conditionsPath, conditions, text));
  }
  if (failures.length === 0 && conditions.length > 0) {
    const text = 'bindingFailureConditions are required to use bindingConditions';
    errors.push(invalidValue(failuresPath, failures, text));
  }
}
