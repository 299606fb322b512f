import { duplicate, type FieldPath, invalidValue, required } from '../../machinery/field-path.js';
import { pathSegmentProblems } from '../../machinery/names.js';
import { addProblems, checkSupported, type FieldErrors } from '../core-v1/field-checks.js';
import type {
  NamedRuleWithOperations,
  RuleWithOperations,
} from '../gen/admissionregistration-v1.js';

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const scopes = ['*', 'Cluster', 'Namespaced'];

/** Which requests are asked about. */
export function checkAdmissionRule(
  rule: RuleWithOperations,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { operations: given = [], apiGroups = [], apiVersions = [], resources = [] } = rule;
  const operationsPath = path.child('operations');
  checkListed(given, 'operations', operationsPath, errors);
  given.forEach((operation, at) => {
    checkSupported(operation, operations, operationsPath.index(at), errors);
  });
  checkListed(apiGroups, 'API groups', path.child('apiGroups'), errors);
  const versionsPath = path.child('apiVersions');
  checkListed(apiVersions, 'API versions', versionsPath, errors);
  apiVersions.forEach((version, at) => {
    if (version === '') errors.push(required(versionsPath.index(at), ''));
  });
  checkResources(resources, path.child('resources'), errors);
  checkSupported(rule.scope, scopes, path.child('scope'), errors);
}

/** The same, of objects with some names alone. */
export function checkNamedRule(
  rule: NamedRuleWithOperations,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const names = rule.resourceNames ?? [];
  names.forEach((name, at) => {
    const namePath = path.child('resourceNames').index(at);
    addProblems(pathSegmentProblems(name), namePath, name, errors);
    if (names.indexOf(name) < at) errors.push(duplicate(namePath, name));
  });
  checkAdmissionRule(rule, path, errors);
}

function checkListed(
  values: readonly string[],
  what: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (values.length === 0) errors.push(required(path, ''));
  if (values.length < 2 || !values.includes('*')) return;
  errors.push(invalidValue(path, values, `if '*' is present, must not specify other ${what}`));
}

/** Resources, their parts, or a part of each resource: what is said by one entry is not said again by another. */
function checkResources(resources: readonly string[], path: FieldPath, errors: FieldErrors): void {
  if (resources.length === 0) errors.push(required(path, ''));
  const [wholes, everywhere] = [new Set<string>(), new Set<string>()];
  let hasPlain = false;
  resources.forEach((text, at) => {
    const entry = path.index(at);
    if (text === '') {
      errors.push(required(entry, ''));
      return;
    }
    const slash = text.indexOf('/');
    if (slash < 0) {
      hasPlain = text !== '*';
      return;
    }
    const [resource, part] = [text.slice(0, slash), text.slice(slash + 1)];
    const refuse = (present: string): void => {
      const detail = `if '${present}' is present, must not specify ${text}`;
      errors.push(invalidValue(entry, text, detail));
    };
    if (wholes.has(resource)) refuse(`${resource}/*`);
    if (everywhere.has(part)) refuse(`*/${part}`);
    if (part === '*') wholes.add(resource);
    if (resource === '*') everywhere.add(part);
  });
  if (resources.length > 1 && resources.includes('*/*')) {
    const detail = "if '*/*' is present, must not specify other resources";
    errors.push(invalidValue(path, resources, detail));
  }
  if (resources.includes('*') && hasPlain) {
    const detail = "if '*' is present, must not specify other resources without subresources";
    errors.push(invalidValue(path, resources, detail));
  }
}
