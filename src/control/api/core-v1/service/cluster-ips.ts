import {
  duplicate,
  fieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/field-path.js';
import type { ServiceSpec } from '../../gen/core-v1.js';
import { checkSupported, type FieldErrors } from '../field-checks.js';
import { checkIp, ipFamilyOf } from '../ip-rules.js';
import { isHeadless } from './service-needs.js';

const ipsPath = fieldPath('spec', 'clusterIPs');
const familiesPath = fieldPath('spec', 'ipFamilies');
const policyPath = fieldPath('spec', 'ipFamilyPolicy');
const families = ['IPv4', 'IPv6'];
const familyPolicies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const ipsMax = 2;

/** The addresses of a service in the cluster, and their families. Also for who gives them out, which checks its result. */
export function checkClusterIps(
  spec: ServiceSpec,
  old: ServiceSpec | undefined,
  errors: FieldErrors,
): void {
  if (spec.type === 'ExternalName') return;
  const ips = spec.clusterIPs ?? [];
  checkFirst(spec.clusterIP ?? '', ips, errors);
  const seen = new Set<string>();
  spec.ipFamilies?.forEach((family, at) => {
    const path = familiesPath.index(at);
    if (!families.includes(family)) errors.push(notSupported(path, family, families));
    if (seen.has(family)) errors.push(duplicate(path, family));
    seen.add(family);
  });
  checkSupported(spec.ipFamilyPolicy, familyPolicies, policyPath, errors);
  const areValid = checkEach(ips, old?.clusterIPs, errors);
  if (ips.length > ipsMax) errors.push(invalidValue(ipsPath, ips, 'may only hold up to 2 values'));
  if (!areValid) return;
  if (ips.length > 1 && new Set(ips.map(ipFamilyOf)).size < ips.length) {
    const text = 'may specify no more than one IP for each IP family';
    errors.push(invalidValue(ipsPath, ips, text));
  }
  if (!isHeadless(spec)) checkMatchFamilies(ips, spec.ipFamilies ?? [], errors);
}

function checkFirst(ip: string, ips: readonly string[], errors: FieldErrors): void {
  if (ip === '') {
    if (ips.length === 0) return;
    errors.push(invalidValue(ipsPath, ips, 'must be empty when `clusterIP` is not specified'));
  } else if (ips.length === 0) errors.push(required(ipsPath, ''));
  else if (ips[0] !== ip) {
    errors.push(invalidValue(ipsPath, ips, 'first value must match `clusterIP`'));
  }
}

function checkEach(
  ips: readonly string[],
  kept: readonly string[] | undefined,
  errors: FieldErrors,
): boolean {
  const count = errors.length;
  ips.forEach((ip, at) => {
    if (at > 0 || ip !== 'None') checkIp(ip, ipsPath.index(at), errors, kept);
    else if (ips.length > 1) {
      errors.push(invalidValue(ipsPath, ips, "'None' must be the first and only value"));
    }
  });
  return errors.length === count;
}

function checkMatchFamilies(
  ips: readonly string[],
  wanted: readonly string[],
  errors: FieldErrors,
): void {
  ips.forEach((ip, at) => {
    const family = wanted[at];
    const actual = ipFamilyOf(ip) === 6 ? 'IPv6' : 'IPv4';
    if (family === undefined || !families.includes(family) || family === actual) return;
    const text = `expected an ${family} value as indicated by \`ipFamilies[${at}]\``;
    errors.push(invalidValue(ipsPath.index(at), ip, text));
  });
}

const unchangeable = 'may not change once set';

/** A second address or family can come and go; the first stays. Services that only stand for a name are free. */
export function checkClusterIpsUpdate(
  spec: ServiceSpec,
  old: ServiceSpec,
  errors: FieldErrors,
): void {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName') return;
  const [isNow, was] = [isHeadless(spec), isHeadless(old)];
  if (!(isNow && was)) checkIpsUpdate(spec, old, errors);
  if (!isNow && !was) checkFamiliesUpdate(spec, old, errors);
}

function checkIpsUpdate(spec: ServiceSpec, old: ServiceSpec, errors: FieldErrors): void {
  const [ips, before] = [spec.clusterIPs ?? [], old.clusterIPs ?? []];
  if (ips.length === before.length) {
    before.forEach((ip, at) => {
      if (ip !== ips[at]) errors.push(invalidValue(ipsPath.index(at), ips, unchangeable));
    });
    return;
  }
  if (ips.length === 0) {
    errors.push(invalidValue(ipsPath.index(0), ips, 'primary clusterIP can not be unset'));
  } else if (before.length > 0 && ips[0] !== before[0]) {
    errors.push(invalidValue(ipsPath.index(0), ips, unchangeable));
  }
  if (before.length > ips.length && ips.length === 1) checkReleased(spec, 'clusterIP', errors);
}

function checkFamiliesUpdate(spec: ServiceSpec, old: ServiceSpec, errors: FieldErrors): void {
  const [now, before] = [spec.ipFamilies ?? [], old.ipFamilies ?? []];
  const path = familiesPath.index(0);
  if (now.length === before.length) {
    before.forEach((family, at) => {
      if (family !== now[at]) errors.push(invalidValue(path, now, unchangeable));
    });
    return;
  }
  const isFewer = before.length > now.length;
  if (isFewer && !spec.clusterIPs?.length) {
    errors.push(invalidValue(path, now, 'primary ipFamily can not be unset'));
  }
  if (now.length > 0 && before.length > 0 && now[0] !== before[0]) {
    errors.push(invalidValue(path, spec.clusterIPs ?? null, unchangeable));
  }
  if (isFewer && now.length === 1) checkReleased(spec, 'ipFamily', errors);
}

function checkReleased(spec: ServiceSpec, what: string, errors: FieldErrors): void {
  if (spec.ipFamilyPolicy === 'SingleStack') return;
  const text = `must be set to 'SingleStack' when releasing the secondary ${what}`;
  errors.push(invalidValue(policyPath, spec.ipFamilyPolicy ?? null, text));
}
