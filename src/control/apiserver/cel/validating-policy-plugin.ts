import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
} from '../../api/gen/admissionregistration-v1.js';
import { CompileError } from '../../cel/parse.js';
import { CelError } from '../../cel/values.js';
import type { KubeObject } from '../../machinery/object.js';
import { type Status, StatusError, type StatusReason } from '../../machinery/status.js';
import { definePlugin } from '../admission/plugin.js';
import { refusal } from '../admission/refusal.js';
import type { AdmissionServices } from '../admission/services.js';
import { isExempt } from '../admission/webhooks/webhook-match.js';
import type { AdmissionPlugin, AdmissionRequest } from '../contracts.js';
import { AdmissionExpressions } from './admission-activation.js';
import { conditionsHold } from './match-conditions.js';
import { type PolicyCheck, type PolicyErrorType, policyErrorType } from './policy-check.js';
import { matchesResources } from './policy-match.js';
import { ParamsError, paramsOf, type ResourceOfParams } from './policy-params.js';

/** What policies need of the server. */
export interface PolicyParts {
  readonly services: AdmissionServices;
  readonly resourceOf: ResourceOfParams;
  /** Is told what each check came to, and how long it took; by default nobody is. */
  onCheck?(check: PolicyCheck, seconds: number): void;
}

/** One objection of a policy. */
interface Objection {
  readonly message: string;
  readonly reason: StatusReason;
  readonly expressionIndex: number;
  readonly errorType: PolicyErrorType;
}

const operations = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] as const;
const group = 'admissionregistration.k8s.io';
const policies = { group, resource: 'validatingadmissionpolicies' };
const bindings = { group, resource: 'validatingadmissionpolicybindings' };

/** Asks the cluster's ValidatingAdmissionPolicies, each as its bindings say. */
export function validatingAdmissionPolicy(parts: PolicyParts): AdmissionPlugin {
  return definePlugin('ValidatingAdmissionPolicy', operations, {
    validate: (request) => validate(request, parts),
  });
}

async function validate(request: AdmissionRequest, parts: PolicyParts): Promise<void> {
  if (isExempt(request)) return;
  const { services } = parts;
  const all = (await services.objects.list(policies, '')) as readonly ValidatingAdmissionPolicy[];
  if (all.length === 0) return;
  const bound = (await services.objects.list(
    bindings,
    '',
  )) as readonly ValidatingAdmissionPolicyBinding[];
  const failures: JsonFailure[] = [];
  let denied: StatusError | null = null;
  for (const policy of all) {
    if (!(await matchesResources(policy.spec?.matchConstraints, request, services))) continue;
    for (const binding of bound) {
      if (binding.spec?.policyName !== policy.metadata.name) continue;
      if (!(await matchesResources(binding.spec?.matchResources, request, services))) continue;
      const startMs = services.clock.now();
      const objections = await objectionsOf(policy, binding, request, parts);
      tellOf(objections, { policy, binding, parts, startMs });
      for (const objection of objections) {
        denied ??= enforce(objection, { policy, binding, request, failures });
      }
    }
  }
  if (failures.length > 0)
    request.context.annotate?.(
      'validation.policy.admission.k8s.io/validation_failure',
      JSON.stringify(failures),
    );
  if (denied !== null) throw denied;
}

/** Tells what was checked: a binding without objections once, an objection by each of the binding's actions. */
function tellOf(
  objections: readonly Objection[],
  {
    policy,
    binding,
    parts: { services, onCheck },
    startMs,
  }: {
    readonly policy: ValidatingAdmissionPolicy;
    readonly binding: ValidatingAdmissionPolicyBinding;
    readonly parts: PolicyParts;
    readonly startMs: number;
  },
): void {
  if (onCheck === undefined) return;
  const seconds = (services.clock.now() - startMs) / 1000;
  const names = { policy: policy.metadata.name ?? '', binding: binding.metadata.name ?? '' };
  if (objections.length === 0)
    onCheck({ ...names, action: 'allow', errorType: 'no_error' }, seconds);
  for (const { errorType } of objections)
    for (const action of binding.spec?.validationActions ?? [])
      onCheck(
        { ...names, action: action.toLowerCase() as PolicyCheck['action'], errorType },
        seconds,
      );
}

/** What the audit log keeps of an objection. */
interface JsonFailure {
  readonly message: string;
  readonly policy: string;
  readonly binding: string;
  readonly expressionIndex: number;
  readonly validationActions: readonly string[];
}

/** Does what the binding says about objections; answers the refusal when it denies. */
function enforce(
  { message, reason, expressionIndex }: Objection,
  {
    policy,
    binding,
    request,
    failures,
  }: {
    readonly policy: ValidatingAdmissionPolicy;
    readonly binding: ValidatingAdmissionPolicyBinding;
    readonly request: AdmissionRequest;
    readonly failures: JsonFailure[];
  },
): StatusError | null {
  const actions = binding.spec?.validationActions ?? [];
  const names = { policy: policy.metadata.name ?? '', binding: binding.metadata.name ?? '' };
  if (actions.includes('Warn'))
    request.context.warn(
      `Validation failed for ValidatingAdmissionPolicy '${names.policy}' with binding '${names.binding}': ${message}`,
    );
  if (actions.includes('Audit'))
    failures.push({ message, ...names, expressionIndex, validationActions: actions });
  if (!actions.includes('Deny')) return null;
  const text = `ValidatingAdmissionPolicy '${names.policy}' with binding '${names.binding}' denied request: ${message}`;
  return deniedFor(refusal(request, text), reason, message);
}

const codes: Partial<Record<StatusReason, number>> = {
  Unauthorized: 401,
  Forbidden: 403,
  Invalid: 422,
  RequestEntityTooLarge: 413,
};

/** A refusal with the reason that the policy gives. */
export function deniedFor(
  { status }: StatusError,
  reason: StatusReason,
  message: string,
): StatusError {
  const changed: Status = {
    ...status,
    reason,
    code: codes[reason] ?? 422,
    details: { ...status.details, causes: [{ message }] },
  };
  return new StatusError(changed);
}

async function objectionsOf(
  policy: ValidatingAdmissionPolicy,
  binding: ValidatingAdmissionPolicyBinding,
  request: AdmissionRequest,
  parts: PolicyParts,
): Promise<readonly Objection[]> {
  const { spec = {} } = policy;
  try {
    const all = await paramsOf(spec.paramKind, binding.spec?.paramRef, request, parts);
    const objections: Objection[] = [];
    for (const params of all) objections.push(...(await judged(policy, params, request, parts)));
    return objections;
  } catch (error) {
    if (
      !(error instanceof ParamsError || error instanceof CelError || error instanceof CompileError)
    )
      throw error;
    if (spec.failurePolicy === 'Ignore') return [];
    const errorType = policyErrorType(error);
    return [{ message: error.message, reason: 'Invalid', expressionIndex: 0, errorType }];
  }
}

async function judged(
  { metadata, spec = {} }: ValidatingAdmissionPolicy,
  params: KubeObject | null | undefined,
  request: AdmissionRequest,
  { services }: PolicyParts,
): Promise<readonly Objection[]> {
  const namespace = await namespaceOf(request, services);
  const { authorizer } = services;
  const expressions = new AdmissionExpressions({
    ...{ request, authorizer, namespace, params },
    variables: spec.variables ?? [],
  });
  if (!(await conditionsHold(spec.matchConditions ?? [], expressions))) return [];
  const objections: Objection[] = [];
  for (const [expressionIndex, validation] of (spec.validations ?? []).entries()) {
    const problem = await problemOf(validation, expressions, spec.failurePolicy !== 'Ignore');
    if (problem === null) continue;
    const reason = (validation.reason ?? 'Invalid') as StatusReason;
    objections.push({ ...problem, reason, expressionIndex });
  }
  for (const { key = '', valueExpression = '' } of spec.auditAnnotations ?? []) {
    const value = await expressions.evaluate(valueExpression, 'audit-annotation');
    if (typeof value === 'string' && value !== '')
      request.context.annotate?.(`${metadata.name ?? ''}/${key}`, value);
  }
  return objections;
}

/** What a validation says against the request; null when it holds. */
async function problemOf(
  { expression = '', message = '', messageExpression = '' }: Validation,
  expressions: AdmissionExpressions,
  failsClosed: boolean,
): Promise<Pick<Objection, 'message' | 'errorType'> | null> {
  try {
    if ((await expressions.evaluate(expression, 'validation')) === true) return null;
  } catch (error) {
    if (!(error instanceof CelError || error instanceof CompileError)) throw error;
    if (!failsClosed) return null;
    const text = `expression '${expression}' resulted in error: ${error.message}`;
    return { message: text, errorType: policyErrorType(error) };
  }
  const said = await messageOf({ expression, message, messageExpression }, expressions);
  return { message: said, errorType: 'no_error' };
}

/** The words in which a validation objects: those that it makes, or has, or its expression. */
async function messageOf(
  {
    expression,
    message,
    messageExpression,
  }: Required<Pick<Validation, 'expression' | 'message' | 'messageExpression'>>,
  expressions: AdmissionExpressions,
): Promise<string> {
  if (messageExpression !== '') {
    try {
      const made = await expressions.evaluate(messageExpression, 'message');
      if (typeof made === 'string' && made.trim() !== '' && !made.includes('\n'))
        return made.trim();
    } catch (error) {
      if (!(error instanceof CelError || error instanceof CompileError)) throw error;
    }
  }
  return message.trim() === '' ? `failed expression: ${expression.trim()}` : message.trim();
}

/** The namespace of what the request is about; null when it has none. */
export async function namespaceOf(
  { namespace, group: ofGroup, resource }: AdmissionRequest,
  { objects }: AdmissionServices,
): Promise<KubeObject | null> {
  if (namespace === '' || (ofGroup === '' && resource === 'namespaces')) return null;
  return (await objects.get({ group: '', resource: 'namespaces' }, '', namespace)) ?? null;
}
