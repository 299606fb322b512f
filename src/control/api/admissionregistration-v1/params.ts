import {
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { validateLabelSelector } from '../../machinery/label-selector.js';
import {
  dns1035LabelProblems,
  dnsSubdomainProblems,
  pathSegmentProblems,
} from '../../machinery/names.js';
import { addProblems, type FieldErrors, isUnset } from '../core-v1/field-checks.js';
import type { ParamKind, ParamRef } from '../gen/admissionregistration-v1.js';

const notFoundActions = ['Deny', 'Allow'];

/** The kind of the objects with what a policy is to know. */
export function checkParamKind(
  { apiVersion, kind }: ParamKind,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const versionPath = path.child('apiVersion');
  if (isUnset(apiVersion)) errors.push(required(versionPath, ''));
  else checkApiVersion(apiVersion, versionPath, errors);
  const kindPath = path.child('kind');
  if (isUnset(kind)) {
    errors.push(required(kindPath, ''));
    return;
  }
  const problems = dns1035LabelProblems(kind.toLowerCase());
  if (problems.length === 0) return;
  const text = `may have mixed case, but should otherwise match: ${problems.join(',')}`;
  errors.push(invalidValue(kindPath, kind, text));
}

function checkApiVersion(text: string, path: FieldPath, errors: FieldErrors): void {
  const [first = '', second, ...rest] = text.split('/');
  if (rest.length > 0) {
    errors.push(invalidValue(path, text, `unexpected GroupVersion string: ${text}`));
    return;
  }
  const [group, version] = second === undefined ? ['', first] : [first, second];
  const groupProblems = group === '' ? [] : dnsSubdomainProblems(group);
  if (groupProblems.length > 0) errors.push(invalidValue(path, group, groupProblems.join(',')));
  if (version === '') {
    errors.push(invalidValue(path, text, 'version must be specified'));
    return;
  }
  const problems = dns1035LabelProblems(version);
  if (problems.length > 0) errors.push(invalidValue(path, version, problems.join(',')));
}

/** The objects of that kind that a binding means: one by its name, or all with some labels. */
export function checkParamRef(ref: ParamRef, path: FieldPath, errors: FieldErrors): void {
  const { name, selector, parameterNotFoundAction: action } = ref;
  const exclusive = 'name and selector are mutually exclusive';
  const namePath = path.child('name');
  if (!isUnset(name)) {
    addProblems(pathSegmentProblems(name), namePath, name, errors);
    if (selector) errors.push(forbiddenField(namePath, exclusive));
  }
  if (selector) {
    const selectorPath = path.child('selector');
    errors.push(...validateLabelSelector(selector, selectorPath));
    if (!isUnset(name)) errors.push(forbiddenField(selectorPath, exclusive));
  } else if (isUnset(name)) {
    errors.push(required(path, 'one of name or selector must be specified'));
  }
  const actionPath = path.child('parameterNotFoundAction');
  if (isUnset(action)) errors.push(required(actionPath, ''));
  else if (!notFoundActions.includes(action)) {
    errors.push(notSupported(actionPath, action, notFoundActions));
  }
}
