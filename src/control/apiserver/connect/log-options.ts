import type { FieldError } from '../../machinery/field-errors.js';
import {
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
} from '../../machinery/field-path.js';
import { badRequest, invalid } from '../../machinery/status-errors.js';
import { parseTime } from '../../machinery/time.js';
import { isTrueParameter } from '../request-info.js';

/** What a request for logs asks (v1.PodLogOptions). */
export interface LogOptions {
  readonly container: string;
  readonly isInsecure: boolean;
  /** What the kubelet is asked, in order. */
  readonly kubeletQuery: URLSearchParams;
}

const streams = ['All', 'Stderr', 'Stdout'];

/** Reads the query of a request for logs. Throws 400 for what cannot be read and 422 for what makes no sense. */
export function parseLogOptions(query: URLSearchParams, podName: string): LogOptions {
  const kubeletQuery = new URLSearchParams();
  for (const name of ['follow', 'previous', 'timestamps'])
    if (isTrueParameter(query.get(name))) kubeletQuery.set(name, 'true');
  const sinceSeconds = integerOf(query, 'sinceSeconds');
  const sinceTime = timeOf(query);
  const tailLines = integerOf(query, 'tailLines');
  const limitBytes = integerOf(query, 'limitBytes');
  const stream = query.get('stream');
  const errors: FieldError[] = [];
  const check = (name: string, value: bigint | null, min: bigint, text: string) => {
    if (value !== null && value < min)
      errors.push(invalidValue(fieldPath(name), Number(value), text));
  };
  check('tailLines', tailLines, 0n, 'must be greater than or equal to 0');
  check('limitBytes', limitBytes, 1n, 'must be greater than 0');
  if (sinceSeconds !== null && sinceTime !== null) {
    errors.push(
      forbiddenField(
        fieldPath(''),
        'at most one of `sinceTime` or `sinceSeconds` may be specified',
      ),
    );
  }
  check('sinceSeconds', sinceSeconds, 1n, 'must be greater than 0');
  if (stream !== null && !streams.includes(stream))
    errors.push(notSupported(fieldPath('stream'), stream, streams));
  if (stream !== null && stream !== 'All' && tailLines !== null) {
    const text = '`tailLines` and specific `stream` are mutually exclusive for now';
    errors.push(forbiddenField(fieldPath(''), text));
  }
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, podName, errors);
  if (sinceSeconds !== null) kubeletQuery.set('sinceSeconds', String(sinceSeconds));
  if (sinceTime !== null) kubeletQuery.set('sinceTime', sinceTime);
  if (tailLines !== null) kubeletQuery.set('tailLines', String(tailLines));
  if (limitBytes !== null) kubeletQuery.set('limitBytes', String(limitBytes));
  if (stream !== null && stream !== 'All') kubeletQuery.set('stream', stream);
  return {
    container: query.get('container') ?? '',
    isInsecure: isTrueParameter(query.get('insecureSkipTLSVerifyBackend')),
    kubeletQuery,
  };
}

function integerOf(query: URLSearchParams, name: string): bigint | null {
  const text = query.get(name) ?? '';
  if (text === '') return null;
  const problem = /^[+-]?\d+$/.test(text)
    ? BigInt(text) !== BigInt.asIntN(64, BigInt(text)) && 'value out of range'
    : 'invalid syntax';
  if (problem !== false)
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: ${problem}`);
  return BigInt(text);
}

function timeOf(query: URLSearchParams): string | null {
  const text = query.get('sinceTime') ?? '';
  if (text === '') return null;
  if (parseTime(text) === null)
    throw badRequest(`parsing time ${JSON.stringify(text)} as RFC 3339 failed`);
  return text;
}
