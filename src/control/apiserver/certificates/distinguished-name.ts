import type { Name } from '@peculiar/x509';

/** The parts of a subject that say who somebody is. */
export interface DistinguishedName {
  /** '' without. With several, the last, as every Go program reads it. */
  readonly commonName: string;
  /** In order. */
  readonly organizations: readonly string[];
  /** Values of Kubernetes' own attribute for a user's uid. */
  readonly uids: readonly string[];
}

const commonNameOid = '2.5.4.3';
const organizationOid = '2.5.4.10';
/** Kubernetes' attribute for uids in subjects (KEP of AllowParsingUserUIDFromCertAuth). */
const uidOid = '1.3.6.1.4.1.57683.2';

/** Reads a Name (RFC 5280 section 4.1.2.4). */
export function readDistinguishedName(name: Name): DistinguishedName {
  return {
    commonName: name.getField(commonNameOid).at(-1) ?? '',
    organizations: name.getField(organizationOid),
    uids: name.getField(uidOid),
  };
}
