import { badRequest } from '../../machinery/status-errors.js';
import { isTrueParameter } from '../request-info.js';

/** A boolean parameter; undefined when it is not there. */
export function booleanParameter(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  return value === null ? undefined : isTrueParameter(value);
}

/** A whole number of 64 bits; undefined when it is not there or empty. Throws 400 with Go's words. */
export function integerParameter(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  const problem = /^[+-]?\d+$/.test(value)
    ? Number.isSafeInteger(Number(value))
      ? null
      : 'value out of range'
    : 'invalid syntax';
  if (problem !== null) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: ${problem}`);
  }
  return Number(value);
}
