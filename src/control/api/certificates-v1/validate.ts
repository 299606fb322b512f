import { deepEqual } from '../../machinery/deep-equal.js';
import type { FieldError } from '../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { quote } from '../../machinery/quote.js';
import { changeDiff } from '../core-v1/change-diff.js';
import type { FieldErrors } from '../core-v1/field-checks.js';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../gen/certificates-v1.js';
import { checkSignerName } from './signer-name.js';
import { certificateProblem, signingRequestProblem } from './signing-request.js';
import { keyUsages } from './usages.js';

type Request = CertificateSigningRequest;

const specPath = fieldPath('spec');
const conditionsPath = fieldPath('status', 'conditions');
const certificatePath = fieldPath('status', 'certificate');
/** The signer of requests that named none. */
const legacySigner = 'kubernetes.io/legacy-unknown';
const secondsMin = 600;
const decisions = ['Approved', 'Denied'];
const lastingTypes = [...decisions, 'Failed'];

/** What is wrong with a request; what its old state has wrong already may stay. */
export function validateRequest(request: Request, old: Request | undefined): FieldError[] {
  const errors: FieldErrors = [];
  const { spec = {}, status } = request;
  const problem = signingRequestProblem(spec.request ?? '');
  if (problem !== undefined) {
    errors.push(invalidValue(specPath.child('request'), spec.request ?? '', problem));
  }
  checkUsages(spec.usages ?? [], old?.spec?.usages ?? [], specPath.child('usages'), errors);
  const signerPath = specPath.child('signerName');
  if (spec.signerName === legacySigner && old?.spec?.signerName !== legacySigner) {
    const text = 'the legacy signerName is not allowed via this API version';
    errors.push(invalidValue(signerPath, spec.signerName, text));
  } else {
    checkSignerName(spec.signerName, signerPath, errors);
  }
  const seconds = spec.expirationSeconds;
  if (seconds !== undefined && seconds < secondsMin) {
    const text = 'may not specify a duration less than 600 seconds (10 minutes)';
    errors.push(invalidValue(specPath.child('expirationSeconds'), seconds, text));
  }
  checkConditions(conditionsOf(request), old && conditionsOf(old), errors);
  checkCertificate(status?.certificate ?? '', old, errors);
  return errors;
}

function checkUsages(
  usages: readonly string[],
  old: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (usages.length === 0) errors.push(required(path, 'usages must be provided'));
  if (old.every((usage) => keyUsages.includes(usage))) {
    usages.forEach((usage, at) => {
      if (!keyUsages.includes(usage)) errors.push(notSupported(path.index(at), usage, keyUsages));
    });
  }
  if (new Set(old).size < old.length) return;
  usages.forEach((usage, at) => {
    if (usages.indexOf(usage) < at) errors.push(duplicate(path.index(at), usage));
  });
}

function conditionsOf({ status }: Request): readonly CertificateSigningRequestCondition[] {
  return status?.conditions ?? [];
}

function checkConditions(
  conditions: readonly CertificateSigningRequestCondition[],
  old: readonly CertificateSigningRequestCondition[] = [],
  errors: FieldErrors,
): void {
  const before = old.map(({ type = '' }) => type);
  const types = conditions.map(({ type = '' }) => type);
  const wasDecidedTwice = decisions.every((type) => before.includes(type));
  const wasRepeated = new Set(before).size < before.length;
  conditions.forEach(({ type = '', status = '' }, at) => {
    const path = conditionsPath.index(at);
    const typePath = path.child('type');
    if (type === '' && !before.includes('')) errors.push(required(typePath, ''));
    const allowed = lastingTypes.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    if (status === '') errors.push(required(path.child('status'), ''));
    else if (!allowed.includes(status)) {
      errors.push(notSupported(path.child('status'), status, allowed));
    }
    const earlier = types.slice(0, at);
    const other = decisions.find((decision) => decision !== type);
    if (!wasDecidedTwice && decisions.includes(type) && earlier.includes(other ?? '')) {
      const text = 'Approved and Denied conditions are mutually exclusive';
      errors.push(invalidValue(typePath, type, text));
    }
    if (!wasRepeated && earlier.includes(type)) errors.push(duplicate(typePath, type));
  });
}

function checkCertificate(
  certificate: string,
  old: Request | undefined,
  errors: FieldErrors,
): void {
  const before = old?.status?.certificate ?? '';
  if (old !== undefined && (certificate === before || certificateProblem(before) !== undefined)) {
    return;
  }
  const problem = certificateProblem(certificate);
  if (problem === undefined) return;
  errors.push(invalidValue(certificatePath, '<certificate data>', problem));
}

/** What is wrong with a change of a request: who approves does not issue, and nothing of it is taken back. */
export function validateRequestUpdate(
  request: Request,
  old: Request,
  { mayApprove, mayIssue }: { readonly mayApprove: boolean; readonly mayIssue: boolean },
): FieldError[] {
  const errors = validateRequest(request, old);
  for (const type of lastingTypes) {
    if (ofType(request, type).length >= ofType(old, type).length) continue;
    const text = `updates may not remove a condition of type ${quote(type)}`;
    errors.push(forbiddenField(conditionsPath, text));
  }
  if (!mayApprove) for (const type of decisions) checkDecision(request, old, type, errors);
  const [certificate, before] = [request, old].map(({ status }) => status?.certificate ?? '');
  if (certificate === before) return errors;
  if (!mayIssue) {
    errors.push(forbiddenField(certificatePath, 'updates may not set certificate content'));
  } else if (before !== '') {
    const text = 'updates may not modify existing certificate content';
    errors.push(forbiddenField(certificatePath, text));
  }
  return errors;
}

function checkDecision(request: Request, old: Request, type: string, errors: FieldErrors): void {
  const [now, before] = [ofType(request, type), ofType(old, type)];
  if (now.length > before.length) {
    const text = `updates may not add a condition of type ${quote(type)}`;
    errors.push(forbiddenField(conditionsPath, text));
  } else if (now.length === before.length && !deepEqual(now, before)) {
    const text = `updates may not modify a condition of type ${quote(type)}\n${changeDiff(before, now)}`;
    errors.push(forbiddenField(conditionsPath, text));
  }
}

function ofType(request: Request, type: string): CertificateSigningRequestCondition[] {
  return conditionsOf(request).filter((condition) => condition.type === type);
}
