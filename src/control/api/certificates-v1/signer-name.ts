import { type FieldPath, invalidValue, required, tooLong } from '../../machinery/field-path.js';
import { dnsLabelProblems, dnsSubdomainProblems } from '../../machinery/names.js';
import { quote, utf8Length } from '../../machinery/quote.js';
import { type FieldErrors, isUnset } from '../core-v1/field-checks.js';

const domainMax = 253;
/** A domain, and the name of an object with that of its namespace. */
const nameMax = domainMax + 1 + 253 + 63 + 1;

/** `example.com/some.name`: whom a request is for. */
export function checkSignerName(
  name: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (isUnset(name)) {
    errors.push(required(path, 'signerName must be provided'));
    return;
  }
  const [domain = '', rest, ...more] = name.split('/');
  if (rest === undefined || more.length > 0) {
    const text = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    errors.push(invalidValue(path, name, text));
    return;
  }
  if (utf8Length(domain) > domainMax) errors.push(tooLong(path, domain, domainMax));
  checkLabels(domain, dnsLabelProblems, path, errors);
  if (!domain.includes('.')) {
    const text = 'should be a domain with at least two segments separated by dots';
    errors.push(invalidValue(path, domain, text));
  }
  checkLabels(rest, dnsSubdomainProblems, path, errors);
  if (utf8Length(name) > nameMax) errors.push(tooLong(path, name, nameMax));
}

/** Only the first bad label is reported. */
function checkLabels(
  text: string,
  problemsOf: (label: string) => string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const label of text.split('.')) {
    const problems = problemsOf(label);
    for (const problem of problems) {
      errors.push(invalidValue(path, text, `validating label ${quote(label)}: ${problem}`));
    }
    if (problems.length > 0) return;
  }
}
