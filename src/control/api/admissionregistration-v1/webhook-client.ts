import { type FieldPath, invalidValue, required } from '../../machinery/field-path.js';
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  portNumberProblems,
} from '../../machinery/names.js';
import { type FieldErrors, isUnset } from '../core-v1/field-checks.js';
import type { ServiceReference, WebhookClientConfig } from '../gen/admissionregistration-v1.js';

const urlForm = 'desired format: https://host[/path]';

/** Where a webhook is: at a URL, or a Service of the cluster. */
export function checkWebhookClient(
  { url, service }: WebhookClientConfig,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if ((url === undefined) === (service === undefined)) {
    errors.push(required(path, 'exactly one of url or service is required'));
  } else if (url !== undefined) {
    checkUrl(url, path.child('url'), errors);
  } else if (service !== undefined) {
    checkService(service, path.child('service'), errors);
  }
}

/** `scheme://user@host/path?query#fragment`, each part but the host as long as it is not there (RFC 3986 appendix B). */
const urlParts = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;

function checkUrl(text: string, path: FieldPath, errors: FieldErrors): void {
  if (text === '') {
    errors.push(required(path, `url must be specified; ${urlForm}`));
    return;
  }
  const [, scheme = '', authority = '', , query, fragment] = urlParts.exec(text) ?? [];
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  if (scheme !== 'https') {
    const detail = `'https' is the only allowed URL scheme; ${urlForm}`;
    errors.push(invalidValue(path, scheme, detail));
  }
  if (host === '') {
    errors.push(invalidValue(path, host, `host must be specified; ${urlForm}`));
  }
  if (at >= 0) {
    const detail = `user information is not permitted in the URL; ${urlForm}`;
    errors.push(invalidValue(path, authority.slice(0, at), detail));
  }
  if (!isUnset(fragment)) {
    const detail = `fragments are not permitted in the URL; ${urlForm}`;
    errors.push(invalidValue(path, fragment, detail));
  }
  if (!isUnset(query)) {
    const detail = `query parameters are not permitted in the URL; ${urlForm}`;
    errors.push(invalidValue(path, query, detail));
  }
}

function checkService(
  { name, namespace, path: urlPath, port = 0 }: ServiceReference,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (isUnset(name)) errors.push(required(path.child('name'), 'service name is required'));
  if (isUnset(namespace)) {
    errors.push(required(path.child('namespace'), 'service namespace is required'));
  }
  const problems = portNumberProblems(port);
  if (problems.length > 0) {
    const detail = `port is not valid: ${problems.join(', ')}`;
    errors.push(invalidValue(path.child('port'), port, detail));
  }
  if (urlPath !== undefined) checkServicePath(urlPath, path.child('path'), errors);
}

function checkServicePath(text: string, path: FieldPath, errors: FieldErrors): void {
  if (text === '/' || text === '') return;
  if (text === '//') {
    errors.push(invalidValue(path, text, 'segment[0] may not be empty'));
    return;
  }
  if (!text.startsWith('/')) errors.push(invalidValue(path, text, "must start with a '/'"));
  const steps = text.slice(1).replace(/\/$/, '').split('/');
  steps.forEach((step, at) => {
    if (step === '') {
      errors.push(invalidValue(path, text, `segment[${at}] may not be empty`));
      return;
    }
    for (const problem of dnsSubdomainProblems(step)) {
      errors.push(invalidValue(path, text, `segment[${at}]: ${problem}`));
    }
  });
}

/** The name of a webhook: a domain of three labels at least. */
export function checkQualifiedHookName(
  name: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (isUnset(name)) {
    errors.push(required(path, ''));
    return;
  }
  const problems = dnsSubdomainProblems(name);
  for (const problem of problems) errors.push(invalidValue(path, name, problem));
  if (problems.length > 0) return;
  const labels = name.split('.');
  if (labels.length < 3) {
    const detail = 'should be a domain with at least three segments separated by dots';
    errors.push(invalidValue(path, name, detail));
    return;
  }
  for (const label of labels) {
    for (const problem of dnsLabelProblems(label)) errors.push(invalidValue(path, name, problem));
  }
}
