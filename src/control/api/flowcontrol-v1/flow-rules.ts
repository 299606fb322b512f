import {
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import { dnsLabelProblems } from '../../machinery/names.js';
import {
  checkDnsLabel,
  checkDnsSubdomain,
  type FieldErrors,
  isUnset,
} from '../core-v1/field-checks.js';
import type {
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  ServiceAccountSubject,
  Subject,
} from '../gen/flowcontrol-v1.js';

const verbs = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'proxy',
  'update',
  'watch',
];
const subjectKinds = ['Group', 'ServiceAccount', 'User'];

/** Whose requests for what a schema is about. */
export function checkPolicyRules(
  { subjects = [], resourceRules = [], nonResourceRules = [] }: PolicyRulesWithSubjects,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (subjects.length === 0) {
    errors.push(required(path.child('subjects'), 'subjects must contain at least one value'));
  }
  subjects.forEach((subject, at) => {
    checkSubject(subject, path.child('subjects').index(at), errors);
  });
  if (resourceRules.length + nonResourceRules.length === 0) {
    const text = 'at least one of resourceRules and nonResourceRules has to be non-empty';
    errors.push(required(path, text));
  }
  resourceRules.forEach((rule, at) => {
    checkResourceRule(rule, path.child('resourceRules').index(at), errors);
  });
  nonResourceRules.forEach((rule, at) => {
    checkNonResourceRule(rule, path.child('nonResourceRules').index(at), errors);
  });
}

function checkSubject(subject: Subject, path: FieldPath, errors: FieldErrors): void {
  const { kind = '', serviceAccount, user, group } = subject;
  switch (kind) {
    case 'ServiceAccount':
      checkAccount(serviceAccount, path.child('serviceAccount'), errors);
      break;
    case 'User':
      checkNamed(user, 'user', kind, path, errors);
      break;
    case 'Group':
      checkNamed(group, 'group', kind, path, errors);
      break;
    default:
      errors.push(notSupported(path.child('kind'), kind, subjectKinds));
      return;
  }
  const others = [
    ['serviceAccount', 'ServiceAccount'],
    ['user', 'User'],
    ['group', 'Group'],
  ] as const;
  for (const [name, of] of others) {
    if (of === kind || subject[name] === undefined) continue;
    const text = `${name} is forbidden when subject kind is not '${of}'`;
    errors.push(forbiddenField(path.child(name), text));
  }
}

function checkNamed(
  subject: { readonly name?: string } | undefined,
  field: string,
  kind: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const fieldPath = path.child(field);
  if (subject === undefined) {
    errors.push(required(fieldPath, `${field} is required when subject kind is '${kind}'`));
  } else if (isUnset(subject.name)) {
    errors.push(required(fieldPath.child('name'), ''));
  }
}

function checkAccount(
  account: ServiceAccountSubject | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (account === undefined) {
    const text = "serviceAccount is required when subject kind is 'ServiceAccount'";
    errors.push(required(path, text));
    return;
  }
  const { name, namespace } = account;
  if (isUnset(name)) errors.push(required(path.child('name'), ''));
  else if (name !== '*') checkDnsSubdomain(name, path.child('name'), errors);
  const namespacePath = path.child('namespace');
  if (!isUnset(namespace)) checkDnsLabel(namespace, namespacePath, errors);
  else errors.push(required(namespacePath, 'must specify namespace for service account'));
}

function checkVerbs(given: readonly string[] = [], path: FieldPath, errors: FieldErrors): void {
  if (given.length === 0) {
    errors.push(required(path, 'verbs must contain at least one value'));
  } else if (given.includes('*')) {
    checkAlone(given, 'verbs', path, errors);
  } else if (given.some((verb) => !verbs.includes(verb))) {
    errors.push(notSupported(path, given, verbs));
  }
}

/** `*` is everything: nothing stands beside it. */
function checkAlone(
  given: readonly string[],
  what: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (given.length === 1 || !given.includes('*')) return;
  errors.push(invalidValue(path, given, `if '*' is present, must not specify other ${what}`));
}

function checkResourceRule(rule: ResourcePolicyRule, path: FieldPath, errors: FieldErrors): void {
  const { apiGroups = [], resources = [], namespaces = [], clusterScope } = rule;
  checkVerbs(rule.verbs, path.child('verbs'), errors);
  const groupsPath = path.child('apiGroups');
  if (apiGroups.length === 0) {
    errors.push(required(groupsPath, 'resource rules must supply at least one api group'));
  }
  checkAlone(apiGroups, 'api groups', groupsPath, errors);
  const resourcesPath = path.child('resources');
  if (resources.length === 0) {
    errors.push(required(resourcesPath, 'resource rules must supply at least one resource'));
  }
  checkAlone(resources, 'resources', resourcesPath, errors);
  const namespacesPath = path.child('namespaces');
  if (namespaces.length === 0 && !clusterScope) {
    const text = 'resource rules that are not cluster scoped must supply at least one namespace';
    errors.push(required(namespacesPath, text));
  } else if (namespaces.includes('*')) {
    checkAlone(namespaces, 'namespaces', namespacesPath, errors);
  } else {
    namespaces.forEach((name, at) => {
      for (const problem of dnsLabelProblems(name)) {
        const text = `each member of this list must be '*' or a DNS-1123 label; ${problem}`;
        errors.push(invalidValue(namespacesPath.index(at), name, text));
      }
    });
  }
}

function checkNonResourceRule(
  { verbs: given, nonResourceURLs: urls = [] }: NonResourcePolicyRule,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkVerbs(given, path.child('verbs'), errors);
  const urlsPath = path.child('nonResourceURLs');
  if (urls.length === 0) {
    errors.push(required(urlsPath, 'nonResourceURLs must contain at least one value'));
  } else if (urls.includes('*')) {
    checkAlone(urls, 'non-resource URLs', urlsPath, errors);
  } else {
    urls.forEach((url, at) => {
      const problem = urlPathProblem(url);
      if (problem !== undefined) errors.push(invalidValue(urlsPath.index(at), url, problem));
    });
  }
}

function urlPathProblem(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (url === '/') return undefined;
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const first = url.indexOf('*');
  const isSuffix = first < 0 || (first === url.length - 1 && url.endsWith('/*'));
  return isSuffix ? undefined : 'wildcard can only do suffix matching';
}
