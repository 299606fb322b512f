import { CostError } from '../../cel/evaluate.js';
import { CompileError } from '../../cel/parse.js';

/** What one check of a ValidatingAdmissionPolicy came to, as Kubernetes counts it. */
export interface PolicyCheck {
  readonly policy: string;
  readonly binding: string;
  readonly action: 'allow' | 'deny' | 'audit' | 'warn';
  readonly errorType: PolicyErrorType;
}

/** Whether a check failed because its expression could not be asked, and why. */
export type PolicyErrorType = 'no_error' | 'compile_error' | 'invalid_error' | 'out_of_budget';

/** What an error of an expression counts as. */
export function policyErrorType(error: unknown): PolicyErrorType {
  if (error instanceof CostError) return 'out_of_budget';
  return error instanceof CompileError ? 'compile_error' : 'invalid_error';
}
