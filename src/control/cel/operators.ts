import { checkedInt, checkedUint } from './standard-library.js';
import {
  CelError,
  type CelValue,
  Duration,
  isList,
  Timestamp,
  typeNameOf,
  Uint,
} from './values.js';

/** `a op b` for `+`, `-`, `*`, `/` and `%`. Throws CelError for overflows, divisions by zero and types that have no such operator. */
export function arithmeticResult(op: string, a: CelValue, b: CelValue): CelValue {
  if (typeof a === 'bigint' && typeof b === 'bigint') return checkedInt(integers(op, a, b));
  if (a instanceof Uint && b instanceof Uint) return checkedUint(integers(op, a.value, b.value));
  if (typeof a === 'number' && typeof b === 'number' && op !== '%') return doubles(op, a, b);
  if (op === '+') {
    if (typeof a === 'string' && typeof b === 'string') return a + b;
    if (isList(a) && isList(b)) return [...a, ...b];
    if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.concat([a, b]);
  }
  const time = times(op, a, b);
  if (time !== null) return time;
  throw new CelError(`no such overload: ${typeNameOf(a)} ${op} ${typeNameOf(b)}`);
}

function integers(op: string, a: bigint, b: bigint): bigint {
  if (op === '+') return a + b;
  if (op === '-') return a - b;
  if (op === '*') return a * b;
  if (b === 0n) throw new CelError(op === '/' ? 'division by zero' : 'modulus by zero');
  return op === '/' ? a / b : a % b;
}

function doubles(op: string, a: number, b: number): number {
  if (op === '+') return a + b;
  if (op === '-') return a - b;
  return op === '*' ? a * b : a / b;
}

function times(op: string, a: CelValue, b: CelValue): CelValue | null {
  if (op === '+') {
    if (a instanceof Duration && b instanceof Duration) return new Duration(a.ns + b.ns);
    if (a instanceof Timestamp && b instanceof Duration) return new Timestamp(a.ns + b.ns);
    if (a instanceof Duration && b instanceof Timestamp) return new Timestamp(a.ns + b.ns);
  }
  if (op === '-') {
    if (a instanceof Duration && b instanceof Duration) return new Duration(a.ns - b.ns);
    if (a instanceof Timestamp && b instanceof Duration) return new Timestamp(a.ns - b.ns);
    if (a instanceof Timestamp && b instanceof Timestamp) return new Duration(a.ns - b.ns);
  }
  return null;
}
