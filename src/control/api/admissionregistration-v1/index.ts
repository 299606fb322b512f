import type {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from '../gen/admissionregistration-v1.js';
import type { KindDefinition } from '../kind-definition.js';
import { admissionKind } from './admission-kind.js';
import { type ExpressionChecker, keepExpressions } from './expressions.js';
import { mutatingAdmissionPolicyKind } from './mutating-policy.js';
import {
  mutatingAdmissionPolicyBindingKind,
  validatingAdmissionPolicyBindingKind,
} from './policy-bindings.js';
import { validatingAdmissionPolicyKind } from './validating-policy.js';
import { webhookRules } from './webhooks.js';

export type { ExpressionChecker, ExpressionUse } from './expressions.js';

/** The rules of the kinds of admissionregistration.k8s.io/v1; their expressions are checked by `check`. */
export const kindsWith = (
  check: ExpressionChecker = keepExpressions,
): readonly KindDefinition[] => [
  mutatingAdmissionPolicyKind(check),
  mutatingAdmissionPolicyBindingKind,
  admissionKind<MutatingWebhookConfiguration>(
    'MutatingWebhookConfiguration',
    webhookRules(true, check),
  ),
  validatingAdmissionPolicyKind(check),
  validatingAdmissionPolicyBindingKind,
  admissionKind<ValidatingWebhookConfiguration>(
    'ValidatingWebhookConfiguration',
    webhookRules(false, check),
  ),
];
