import type { ControllerFlag } from '../controller.js';

type NumericFlag = Extract<ControllerFlag, { readonly kind: 'integer' | 'number' | 'duration' }>;

/** Why a flag may not have a value, in the words of kube-controller-manager, which refuses some of them too; null: it may. */
export function flagProblem(flag: ControllerFlag, value: unknown): string | null {
  if (!isNumeric(flag) || typeof value !== 'number') return null;
  const { name, kind, min = kind === 'integer' ? 1 : 0, max = Number.POSITIVE_INFINITY } = flag;
  const text = (amount: number) => (kind === 'duration' ? `${amount}ms` : String(amount));
  if (value < min) return `${name} must not be less than ${text(min)}, but got ${text(value)}`;
  if (value > max) return `${name} must not be more than ${text(max)}, but got ${text(value)}`;
  return null;
}

function isNumeric(flag: ControllerFlag): flag is NumericFlag {
  return flag.kind === 'integer' || flag.kind === 'number' || flag.kind === 'duration';
}
