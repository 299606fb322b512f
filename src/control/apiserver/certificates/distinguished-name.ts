import { DerReader, derTag, readOid, readString } from './der.js';

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

/** Reads a Name (RFC 5280 section 4.1.2.4). Throws DerError. */
export function readDistinguishedName(content: Uint8Array): DistinguishedName {
  let commonName = '';
  const organizations: string[] = [];
  const uids: string[] = [];
  const name = new DerReader(content);
  while (!name.isAtEnd) {
    const relative = name.enter(derTag.set);
    while (!relative.isAtEnd) {
      const attribute = relative.enter(derTag.sequence);
      const type = readOid(attribute.expect(derTag.oid).content);
      const value = readString(attribute.next());
      if (value === undefined) continue;
      if (type === commonNameOid) commonName = value;
      else if (type === organizationOid) organizations.push(value);
      else if (type === uidOid) uids.push(value);
    }
  }
  return { commonName, organizations, uids };
}
