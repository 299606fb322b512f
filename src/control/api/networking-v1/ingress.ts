import type { FieldError } from '../../machinery/field-errors.js';
import { type FieldPath, fieldPath, invalidValue } from '../../machinery/field-path.js';
import { parseIp } from '../../machinery/ip-address.js';
import { dnsSubdomainProblems, wildcardDnsProblems } from '../../machinery/names.js';
import { quote } from '../../machinery/quote.js';
import {
  addProblems,
  checkDnsSubdomain,
  type FieldErrors,
  isUnset,
} from '../core-v1/field-checks.js';
import { checkIp } from '../core-v1/ip-rules.js';
import type { Ingress, IngressSpec, IngressStatus, IngressTLS } from '../gen/networking-v1.js';
import { checkBackend } from './ingress-backend.js';
import { checkHttpPaths } from './ingress-paths.js';
import { ingressTable } from './ingress-table.js';
import { networkingKind } from './networking-kind.js';

const specPath = fieldPath('spec');
/** How the class was named before there was a field. */
const classAnnotation = 'kubernetes.io/ingress.class';
const notDnsName = 'must be a DNS name, not an IP address';

/** What an Ingress may have wrong because it had before. */
interface KeptProblems {
  readonly secretNames: boolean;
  readonly wildcardRules: boolean;
}

function keptProblems(old: IngressSpec | undefined): KeptProblems {
  const ignored: FieldErrors = [];
  for (const { host = '', http } of old?.rules ?? []) {
    if (host.includes('*') && http) checkHttpPaths(http, specPath, ignored);
  }
  return {
    secretNames: (old?.tls ?? []).some(
      ({ secretName }) => !isUnset(secretName) && dnsSubdomainProblems(secretName).length > 0,
    ),
    wildcardRules: ignored.length > 0,
  };
}

function validateSpec(spec: IngressSpec, old: IngressSpec | undefined): FieldError[] {
  const errors: FieldErrors = [];
  const { rules = [], defaultBackend, tls = [], ingressClassName } = spec;
  if (rules.length === 0 && defaultBackend === undefined) {
    const text = 'either `defaultBackend` or `rules` must be specified';
    errors.push(invalidValue(specPath, spec.rules ?? null, text));
  }
  const kept = keptProblems(old);
  if (defaultBackend) checkBackend(defaultBackend, specPath.child('defaultBackend'), errors);
  rules.forEach(({ host, http }, at) => {
    const path = specPath.child('rules').index(at);
    if (!isUnset(host)) checkRuleHost(host, path.child('host'), errors);
    if (host?.includes('*') && kept.wildcardRules) return;
    if (http) checkHttpPaths(http, path.child('http'), errors);
  });
  tls.forEach((entry, at) => {
    checkTls(entry, kept, specPath.child('tls').index(at), errors);
  });
  if (ingressClassName !== undefined) {
    checkDnsSubdomain(ingressClassName, specPath.child('ingressClassName'), errors);
  }
  return errors;
}

function checkRuleHost(host: string, path: FieldPath, errors: FieldErrors): void {
  if (parseIp(host) !== null) errors.push(invalidValue(path, host, notDnsName));
  checkHost(host, path, errors);
}

function checkHost(host: string, path: FieldPath, errors: FieldErrors): void {
  const problems = host.includes('*') ? wildcardDnsProblems(host) : dnsSubdomainProblems(host);
  addProblems(problems, path, host, errors);
}

function checkTls(
  { hosts, secretName }: IngressTLS,
  kept: KeptProblems,
  path: FieldPath,
  errors: FieldErrors,
): void {
  hosts?.forEach((host, at) => {
    checkHost(host, path.child('hosts').index(at), errors);
  });
  if (kept.secretNames || isUnset(secretName)) return;
  checkDnsSubdomain(secretName, path.child('secretName'), errors);
}

/** Said when an Ingress is made; later the annotation may be left behind. */
function checkClassAnnotation({ metadata, spec }: Ingress): FieldError[] {
  const annotation = metadata.annotations?.[classAnnotation];
  const name = spec?.ingressClassName;
  if (annotation === undefined || name === undefined || annotation === name) return [];
  const text = 'must match `ingressClassName` when both are specified';
  return [invalidValue(fieldPath('annotations', classAnnotation), annotation, text)];
}

function validateStatus(status: IngressStatus | undefined, old: IngressStatus | undefined) {
  const errors: FieldErrors = [];
  const kept = (old?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
  status?.loadBalancer?.ingress?.forEach(({ ip, hostname }, at) => {
    const path = fieldPath('status', 'loadBalancer', 'ingress').index(at);
    if (!isUnset(ip)) checkIp(ip, path.child('ip'), errors, kept);
    if (isUnset(hostname)) return;
    const hostPath = path.child('hostname');
    checkDnsSubdomain(hostname, hostPath, errors);
    if (parseIp(hostname) !== null) errors.push(invalidValue(hostPath, hostname, notDnsName));
  });
  return errors;
}

function warnings({ metadata, spec }: Ingress, old: Ingress | undefined): string[] {
  const isNew = old === undefined && spec?.ingressClassName === undefined;
  if (!isNew || metadata.annotations?.[classAnnotation] === undefined) return [];
  return [
    `annotation ${quote(classAnnotation)} is deprecated, please use 'spec.ingressClassName' instead`,
  ];
}

/** The rules of Ingresses. */
export const ingressKind = networkingKind<Ingress>('Ingress', {
  validateCreate: (ingress) => [
    ...validateSpec(ingress.spec ?? {}, undefined),
    ...checkClassAnnotation(ingress),
  ],
  validateUpdate: ({ spec }, old) => validateSpec(spec ?? {}, old.spec),
  validateStatusUpdate: ({ status }, old) => validateStatus(status, old.status),
  warnings,
  table: ingressTable,
});
