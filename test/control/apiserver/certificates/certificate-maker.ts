import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  bitString,
  booleanTrue,
  der,
  integer,
  octetString,
  oid,
  sequence,
  setOf,
  time,
  utf8String,
} from './der-writer.js';

/** What a test certificate says; the rest is usual. */
export interface CertificateOptions {
  readonly commonName?: string;
  readonly organizations?: readonly string[];
  readonly uids?: readonly string[];
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
  readonly isAuthority?: boolean;
  readonly pathLength?: number;
  /** First octet of the key usage; undefined leaves it out. */
  readonly keyUsage?: number;
  /** Object identifiers; undefined leaves the extension out. */
  readonly extendedKeyUsages?: readonly string[];
  readonly criticalExtension?: string;
}

/** A certificate with its private key: it can sign others. */
export interface MadeIdentity {
  readonly der: Uint8Array;
  readonly name: Uint8Array;
  readonly key: KeyObject;
}

export const nowMs = Date.UTC(2026, 0, 15);
const dayMs = 86_400_000;
const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
let serial = 1;

/** A certificate signed by `issuer`, or by itself. */
export function makeCertificate(options: CertificateOptions, issuer?: MadeIdentity): MadeIdentity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = nameOf(options);
  const extensions = extensionsOf(options);
  const content = sequence(
    der(0xa0, integer(Uint8Array.of(2))),
    integer(Uint8Array.of(serial++ & 0x7f)),
    algorithm,
    issuer?.name ?? name,
    sequence(
      time(new Date(options.notBeforeMs ?? nowMs - dayMs)),
      time(new Date(options.notAfterMs ?? nowMs + dayMs)),
    ),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length > 0 ? [der(0xa3, sequence(...extensions))] : []),
  );
  const signature = sign('sha256', content, issuer?.key ?? privateKey);
  return { der: sequence(content, algorithm, bitString(signature)), name, key: privateKey };
}

/** An authority for tests. */
export function makeAuthority(
  options: CertificateOptions = {},
  issuer?: MadeIdentity,
): MadeIdentity {
  return makeCertificate({ commonName: 'ca', isAuthority: true, ...options }, issuer);
}

function nameOf({ commonName, organizations = [], uids = [] }: CertificateOptions): Uint8Array {
  const attribute = (type: string, value: string) => setOf(sequence(oid(type), utf8String(value)));
  return sequence(
    ...organizations.map((value) => attribute('2.5.4.10', value)),
    ...(commonName === undefined ? [] : [attribute('2.5.4.3', commonName)]),
    ...uids.map((value) => attribute('1.3.6.1.4.1.57683.2', value)),
  );
}

function extensionsOf(options: CertificateOptions): Uint8Array[] {
  const extension = (id: string, value: Uint8Array, isCritical = false) =>
    sequence(oid(id), ...(isCritical ? [booleanTrue] : []), octetString(value));
  const { isAuthority, pathLength, keyUsage, extendedKeyUsages, criticalExtension } = options;
  return [
    ...(isAuthority === true
      ? [
          extension(
            '2.5.29.19',
            sequence(
              booleanTrue,
              ...(pathLength === undefined ? [] : [integer(Uint8Array.of(pathLength))]),
            ),
            true,
          ),
        ]
      : []),
    ...(keyUsage === undefined
      ? []
      : [extension('2.5.29.15', bitString(Uint8Array.of(keyUsage)), true)]),
    ...(extendedKeyUsages === undefined
      ? []
      : [extension('2.5.29.37', sequence(...extendedKeyUsages.map((id) => oid(id))))]),
    ...(criticalExtension === undefined
      ? []
      : [extension(criticalExtension, utf8String('?'), true)]),
  ];
}
