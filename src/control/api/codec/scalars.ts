import type { JsonValue } from '../../machinery/json.js';
import { Quantity } from '../../machinery/quantity.js';
import { QuantityError } from '../../machinery/quantity-parse.js';
import type { SchemaNode } from '../../machinery/schema-node.js';
import { formatMicroTime, formatTime, parseTime } from '../../machinery/time.js';
import { describeValue, ExactNumber, type ReadValue } from './decode-error.js';
import { outOfRange, timeProblem } from './time-problem.js';

/** A scalar as it is kept, or why it is none. */
export type ScalarResult =
  | { readonly value: JsonValue; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: ScalarProblem };

export interface ScalarProblem {
  /** What the value is; of a fatal problem, the whole text. */
  readonly text: string;
  /** What it should be, when that is not the type of the field. */
  readonly goType?: string;
  /** Reading ends at once: Go's decoder leaves such values to the type itself, whose errors end it. */
  readonly isFatal: boolean;
}

/** Reads a value that is neither object nor list by its schema. Quantities and times get their canonical form, as in Kubernetes. */
export function readScalar(value: ReadValue, node: SchemaNode): ScalarResult {
  switch (node.type) {
    case 'string':
      return readString(value, node.format);
    case 'integer':
      return readInteger(value, node.format === 'int32' ? 32 : 64);
    case 'boolean':
      return typeof value === 'boolean' ? { value } : wrong(value);
    case 'number':
      return readNumber(value);
    case 'int-or-string':
      if (typeof value === 'string') return { value };
      return withType(readInteger(value, 32), 'int32');
    case 'quantity':
      return readQuantity(value);
    default:
      return wrong(value);
  }
}

function wrong(value: ReadValue): ScalarResult {
  return { problem: { text: describeValue(value), isFatal: false } };
}

function fatal(text: string): ScalarResult {
  return { problem: { text, isFatal: true } };
}

function withType(result: ScalarResult, goType: string): ScalarResult {
  return result.problem === undefined ? result : { problem: { ...result.problem, goType } };
}

function readString(value: ReadValue, format: string): ScalarResult {
  if (typeof value !== 'string') {
    return format === 'date-time' || format === 'micro-time'
      ? withType(wrong(value), 'string')
      : wrong(value);
  }
  if (format === 'date-time' || format === 'micro-time') return readTime(value, format);
  return format === 'byte' ? readBase64(value) : { value };
}

const int32Max = 2 ** 31 - 1;

function readInteger(value: ReadValue, bits: 32 | 64): ScalarResult {
  if (value instanceof ExactNumber) return readExactInteger(value.text, bits);
  if (typeof value !== 'number') return wrong(value);
  if (!Number.isInteger(value) || (bits === 32 && (value > int32Max || value < -int32Max - 1)))
    return { problem: { text: `number ${value}`, isFatal: false } };
  return { value: value === 0 ? 0 : value };
}

/** The largest number below 2^63 that a double can hold. */
const int64DoubleMax = 2 ** 63 - 1024;

/** 64-bit integers beyond 2^53 are rounded towards zero: doubles hold no more, and what is sent on stays in Go's range. */
function readExactInteger(text: string, bits: 32 | 64): ScalarResult {
  const problem = { problem: { text: `number ${text}`, isFatal: false } };
  if (!/^-?\d+$/.test(text)) return problem;
  const exact = BigInt(text);
  if (BigInt.asIntN(bits, exact) !== exact) return problem;
  return { value: Math.max(-(2 ** 63), Math.min(int64DoubleMax, Number(exact))) };
}

function readNumber(value: ReadValue): ScalarResult {
  if (typeof value === 'number') return { value };
  if (!(value instanceof ExactNumber)) return wrong(value);
  const number = Number(value.text);
  if (Number.isFinite(number)) return { value: number };
  return { problem: { text: `number ${value.text}`, isFatal: false } };
}

function readQuantity(value: ReadValue): ScalarResult {
  const text = value instanceof ExactNumber ? value.text : scalarText(value);
  try {
    return { value: Quantity.parse(text.trim()).toString() };
  } catch (error) {
    if (!(error instanceof QuantityError)) throw error;
    return fatal(error.message);
  }
}

function scalarText(value: Exclude<ReadValue, ExactNumber>): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function readTime(text: string, format: 'date-time' | 'micro-time'): ScalarResult {
  const problem = timeProblem(text, format);
  if (problem !== undefined) return fatal(problem);
  const ms = parseTime(text);
  if (ms === null) return fatal(outOfRange(text, 'day'));
  return { value: format === 'date-time' ? formatTime(ms) : formatMicroTime(ms) };
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function readBase64(text: string): ScalarResult {
  if (base64.test(text)) return { value: text };
  const joined = text.replace(/[\r\n]/g, '');
  if (base64.test(joined)) return { value: joined };
  return fatal(`illegal base64 data at input byte ${firstIllegalByte(joined)}`);
}

function firstIllegalByte(text: string): number {
  const found = /[^A-Za-z0-9+/]/.exec(text);
  return found === null ? text.length - (text.length % 4) : found.index;
}
