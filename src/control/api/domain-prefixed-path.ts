import { type FieldPath, invalidValue, required } from '../machinery/field-path.js';
import { dnsSubdomainProblems, regexProblem } from '../machinery/names.js';
import { addProblems, type FieldErrors, isUnset } from './core-v1/field-checks.js';

const httpPath = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/;

/** `example.com/some/name`: the name of a controller, with a domain that is its owner's before it. */
export function checkDomainPrefixedPath(
  value: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (isUnset(value)) {
    errors.push(required(path, ''));
    return;
  }
  const slash = value.indexOf('/');
  const [host, rest] = [value.slice(0, Math.max(slash, 0)), value.slice(slash + 1)];
  if (host === '' || rest === '') {
    errors.push(
      invalidValue(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")'),
    );
    return;
  }
  addProblems(dnsSubdomainProblems(host), path, host, errors);
  if (httpPath.test(rest)) return;
  const regex = httpPath.source.slice(1, -1);
  errors.push(invalidValue(path, rest, regexProblem('Invalid path', regex)));
}
