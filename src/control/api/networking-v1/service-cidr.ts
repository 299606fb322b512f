import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, invalidValue, required } from '../../machinery/field-path.js';
import { immutableText } from '../../machinery/immutable.js';
import { canonicalCidrProblems } from '../../machinery/names.js';
import { addProblems, type FieldErrors } from '../core-v1/field-checks.js';
import { networkFamilyOf } from '../core-v1/ip-rules.js';
import { ageColumn, ageOf, column, nameColumn } from '../core-v1/pod-spec.js';
import type { ServiceCIDR } from '../gen/networking-v1.js';
import { networkingKind } from './networking-kind.js';

const path = fieldPath('spec', 'cidrs');

function validateNetworks(cidrs: readonly string[] | undefined): FieldError[] {
  const [first, second, ...rest] = cidrs ?? [];
  if (first === undefined) return [required(path, 'at least one CIDR required')];
  if (rest.length > 0) {
    return [invalidValue(path, { CIDRs: cidrs }, 'may only hold up to 2 values')];
  }
  const errors: FieldErrors = [];
  cidrs?.forEach((cidr, at) => {
    addProblems(canonicalCidrProblems(cidr), path.index(at), cidr, errors);
  });
  const family = networkFamilyOf(first);
  if (second !== undefined && family !== undefined && family === networkFamilyOf(second)) {
    const text =
      'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
    errors.push(invalidValue(path, cidrs, text));
  }
  return errors;
}

/** The networks stay as they are; one of the other family may be added. */
function validateUpdate({ spec }: ServiceCIDR, old: ServiceCIDR): FieldError[] {
  const cidrs = spec?.cidrs ?? [];
  const before = old.spec?.cidrs ?? [];
  const isAdded = before.length === 1 && cidrs.length === 2;
  if (cidrs.length !== before.length && !isAdded) {
    return [invalidValue(path, spec?.cidrs ?? null, immutableText)];
  }
  const changed = before.flatMap((cidr, at) =>
    cidr === cidrs[at] ? [] : [invalidValue(path.index(at), cidrs[at], immutableText)],
  );
  return isAdded ? [...changed, ...validateNetworks(cidrs)] : changed;
}

/** The rules of ServiceCIDRs. */
export const serviceCidrKind = networkingKind<ServiceCIDR>('ServiceCIDR', {
  countsGeneration: false,
  validateCreate: ({ spec }) => validateNetworks(spec?.cidrs),
  validateUpdate,
  table: {
    columns: [nameColumn, column('CIDRs', 'The networks of the addresses.'), ageColumn],
    cells: ({ metadata, spec }, nowMs) => [
      metadata.name ?? '',
      (spec?.cidrs ?? []).join(','),
      ageOf(metadata.creationTimestamp, nowMs),
    ],
  },
});
