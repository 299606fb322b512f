import type { FieldError } from '../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  required,
} from '../../machinery/field-path.js';
import { qualifiedNameProblems } from '../../machinery/names.js';
import type { Quantity } from '../../machinery/quantity.js';
import type { LimitRange, LimitRangeItem } from '../gen/core-v1.js';
import { amountsOf, quantityOf, roundAmounts } from './amounts.js';
import { coreKind, whenever } from './core-kind.js';
import { addProblems, type FieldErrors } from './field-checks.js';
import { isOvercommitAllowed } from './resource-names.js';
import { checkContainerResourceName, checkResourceName } from './resource-rules.js';

/** Defaults of containers that follow from each other. */
function setItemDefaults(item: LimitRangeItem): void {
  for (const list of listNames) roundAmounts(item[list]);
  if (item.type !== 'Container') return;
  const limits = { ...item.max, ...item.default };
  const requests = { ...item.min, ...limits, ...item.defaultRequest };
  if (Object.keys(limits).length > 0) item.default = limits;
  if (Object.keys(requests).length > 0) item.defaultRequest = requests;
}

const itemTypes = new Set(['Pod', 'Container', 'PersistentVolumeClaim']);

function validateLimitRange({ spec }: LimitRange): FieldError[] {
  const errors: FieldErrors = [];
  const types = new Set<string>();
  spec?.limits?.forEach((item, at) => {
    const path = fieldPath('spec', 'limits').index(at);
    const { type = '' } = item;
    checkType(type, path.child('type'), errors);
    if (types.has(type)) errors.push(duplicate(path.child('type'), type));
    types.add(type);
    checkItem(item, path, errors);
  });
  return errors;
}

function checkType(type: string, path: FieldPath, errors: FieldErrors): void {
  const problems = qualifiedNameProblems(type);
  addProblems(problems, path, type, errors);
  if (problems.length > 0 || type.includes('/') || itemTypes.has(type)) return;
  const text = 'must be a standard limit type or fully qualified';
  errors.push(invalidValue(path, type, text));
}

const listNames = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;
type ListName = (typeof listNames)[number];

function checkItem(item: LimitRangeItem, path: FieldPath, errors: FieldErrors): void {
  const isPod = item.type === 'Pod';
  const isOfContainers = isPod || item.type === 'Container';
  const checkName = isOfContainers ? checkContainerResourceName : checkResourceName;
  const names = new Set<string>();
  for (const list of listNames) {
    if (list === 'maxLimitRequestRatio') checkStorage(item, path, errors);
    const amounts = amountsOf(item[list]);
    if (isPod && (list === 'default' || list === 'defaultRequest')) {
      if (amounts.length === 0) continue;
      errors.push(forbiddenField(path.child(list), "may not be specified when `type` is 'Pod'"));
      continue;
    }
    for (const [name] of amounts) {
      checkName(name, path.child(list).key(name), errors);
      names.add(name);
    }
  }
  for (const name of [...names].sort()) checkAmounts(amountsFor(item, name), name, path, errors);
}

function checkStorage(item: LimitRangeItem, path: FieldPath, errors: FieldErrors): void {
  if (item.type !== 'PersistentVolumeClaim') return;
  if (item.min?.storage !== undefined || item.max?.storage !== undefined) return;
  const text = 'either minimum or maximum storage value is required, but neither was provided';
  errors.push(required(path.child('limits'), text));
}

type Amounts = Readonly<Record<ListName, Quantity | undefined>>;

function amountsFor(item: LimitRangeItem, name: string): Amounts {
  const of = (list: ListName): Quantity | undefined => {
    const text = item[list]?.[name];
    const isIgnored = item.type === 'Pod' && (list === 'default' || list === 'defaultRequest');
    return text === undefined || isIgnored ? undefined : quantityOf(text);
  };
  return {
    max: of('max'),
    min: of('min'),
    default: of('default'),
    defaultRequest: of('defaultRequest'),
    maxLimitRequestRatio: of('maxLimitRequestRatio'),
  };
}

/** Pairs of which the first may not be above the second; `field` is refused, and `shown` printed. */
const orders: readonly {
  readonly low: ListName;
  readonly high: ListName;
  readonly field: ListName;
  readonly shown: ListName;
  readonly text: (low: Quantity, high: Quantity) => string;
}[] = [
  {
    low: 'min',
    high: 'max',
    field: 'min',
    shown: 'min',
    text: (low, high) => `min value ${low} is greater than max value ${high}`,
  },
  {
    low: 'min',
    high: 'defaultRequest',
    field: 'defaultRequest',
    shown: 'defaultRequest',
    text: (low, high) => `min value ${low} is greater than default request value ${high}`,
  },
  {
    low: 'defaultRequest',
    high: 'max',
    field: 'defaultRequest',
    shown: 'defaultRequest',
    text: (low, high) => `default request value ${low} is greater than max value ${high}`,
  },
  {
    low: 'defaultRequest',
    high: 'default',
    field: 'defaultRequest',
    shown: 'defaultRequest',
    text: (low, high) => `default request value ${low} is greater than default limit value ${high}`,
  },
  {
    low: 'min',
    high: 'default',
    field: 'default',
    shown: 'min',
    text: (low, high) => `min value ${low} is greater than default value ${high}`,
  },
  {
    low: 'default',
    high: 'max',
    field: 'default',
    shown: 'max',
    text: (low, high) => `default value ${low} is greater than max value ${high}`,
  },
];

function checkAmounts(amounts: Amounts, name: string, path: FieldPath, errors: FieldErrors): void {
  for (const { low, high, field, shown, text } of orders) {
    const [a, b] = [amounts[low], amounts[high]];
    if (a === undefined || b === undefined || a.compare(b) <= 0) continue;
    errors.push(invalidValue(path.child(field).key(name), String(amounts[shown]), text(a, b)));
  }
  checkRatio(amounts, path.child('maxLimitRequestRatio').key(name), errors);
  const { default: limit, defaultRequest: request } = amounts;
  if (isOvercommitAllowed(name) || !limit || !request || limit.compare(request) === 0) return;
  const text = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`;
  errors.push(invalidValue(path.child('defaultRequest').key(name), request.toString(), text));
}

function checkRatio(
  { maxLimitRequestRatio: ratio, min, max }: Amounts,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (ratio === undefined) return;
  if (ratio.milliValue() < 1000n) {
    errors.push(invalidValue(path, ratio.toString(), `ratio ${ratio} is less than 1`));
  }
  if (min === undefined || max === undefined) return;
  const limit = max.toNumber() / min.toNumber();
  if (ratio.toNumber() <= limit) return;
  const text = `ratio ${ratio} is greater than max/min = ${limit.toFixed(6)}`;
  errors.push(invalidValue(path, ratio.toString(), text));
}

/** The rules of LimitRanges. */
export const limitRangeKind = coreKind<LimitRange>('LimitRange', {
  setDefaults: ({ spec }) => {
    for (const item of spec?.limits ?? []) setItemDefaults(item);
  },
  ...whenever(validateLimitRange),
  allowsCreateOnUpdate: true,
  countsGeneration: false,
});
