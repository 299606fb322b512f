import {
  duplicate,
  type FieldPath,
  forbiddenField,
  invalidValue,
  required,
  tooMany,
} from '../../machinery/field-path.js';
import type { Quantity } from '../../machinery/quantity.js';
import { quantityOf } from '../core-v1/amounts.js';
import type { FieldErrors } from '../core-v1/field-checks.js';
import type { CapacityRequestPolicy, CapacityRequestPolicyRange } from '../gen/resource-v1.js';

const valuesMax = 10;

/** In which amounts a capacity is given out: some that are listed, or all within bounds. */
export function checkRequestPolicy(
  { default: defaultText, validValues = [], validRange }: CapacityRequestPolicy,
  capacity: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (validValues.length > 0 && validRange) {
    const text =
      'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    errors.push(forbiddenField(path, text));
    return;
  }
  if (validValues.length === 0 && !validRange) return;
  const name = validRange ? 'validRange' : 'validValues';
  if (defaultText === undefined) {
    errors.push(required(path.child('default'), `required when ${name} is defined`));
    return;
  }
  const amounts = { standard: quantityOf(defaultText), whole: quantityOf(capacity) };
  if (validRange) checkBounds(validRange, amounts, path.child(name), errors);
  else checkValues(validValues.map(quantityOf), amounts, path.child(name), errors);
}

interface Amounts {
  /** What a claim gets that does not say how much. */
  readonly standard: Quantity;
  /** All that there is. */
  readonly whole: Quantity;
}

function checkValues(
  values: readonly Quantity[],
  { standard, whole }: Amounts,
  path: FieldPath,
  errors: FieldErrors,
): void {
  values.slice(1).forEach((value, at) => {
    if ((values[at]?.compare(value) ?? 0) <= 0) return;
    const text = 'values must be sorted in ascending order';
    errors.push(invalidValue(path.index(at + 1), value.toString(), text));
  });
  if (values.length > valuesMax) {
    errors.push(tooMany(path, values.length, valuesMax));
  } else {
    values.forEach((value, at) => {
      if (value.compare(whole) <= 0) return;
      const text = `option is larger than capacity value: ${whole.toString()}`;
      errors.push(invalidValue(path.index(at), value.toString(), text));
    });
    values.forEach((value, at) => {
      const isRepeated = values.slice(0, at).some((other) => other.value() === value.value());
      if (isRepeated) errors.push(duplicate(path.index(at), String(value.value())));
    });
  }
  if (values.some((value) => value.compare(standard) === 0)) return;
  const text = 'default value is not valid according to the requestPolicy';
  errors.push(invalidValue(path, standard.toString(), text));
}

function checkBounds(
  range: CapacityRequestPolicyRange,
  { standard, whole }: Amounts,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const minPath = path.child('min');
  if (range.min === undefined) {
    errors.push(required(minPath, 'required when validRange is defined'));
    return;
  }
  const min = quantityOf(range.min);
  const refuse = (isWrong: boolean, at: FieldPath, amount: Quantity, text: string): void => {
    if (isWrong) errors.push(invalidValue(at, amount.toString(), text));
  };
  refuse(
    min.compare(whole) > 0,
    minPath,
    min,
    `min is larger than capacity value: ${whole.toString()}`,
  );
  refuse(
    standard.compare(min) < 0,
    minPath,
    standard,
    `default is less than min: ${min.toString()}`,
  );
  const max = range.max === undefined ? undefined : quantityOf(range.max);
  const maxPath = path.child('max');
  if (max !== undefined) {
    refuse(min.compare(max) > 0, maxPath, min, `min is larger than max: ${max.toString()}`);
    refuse(
      max.compare(whole) > 0,
      maxPath,
      max,
      `max is larger than capacity value: ${whole.toString()}`,
    );
    refuse(
      standard.compare(max) > 0,
      maxPath,
      standard,
      `default is more than max: ${max.toString()}`,
    );
  }
  if (range.step === undefined) return;
  const step = quantityOf(range.step);
  const stepPath = path.child('step');
  const first = min.add(step);
  refuse(
    first.compare(whole) > 0,
    stepPath,
    step,
    `one step ${first.toString()} is larger than capacity value: ${whole.toString()}`,
  );
  for (const amount of max === undefined ? [standard] : [standard, max]) {
    const isBetween = step.value() === 0n || (amount.value() - min.value()) % step.value() !== 0n;
    const text = `value is not a multiple of a given step (${step.toString()}) from (${min.toString()})`;
    refuse(isBetween, stepPath, amount, text);
  }
}
