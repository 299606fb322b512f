import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { bitsOf, parseIp } from '../../control/machinery/ip-address.js';
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

/** A certificate and its key, as PEM texts. */
export interface MadeCertificate {
  readonly cert: string;
  readonly key: string;
}

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
const dayMs = 24 * 3600 * 1000;

/**
 * Makes a certificate for a server that has none: signed by itself, so that it is also the authority that clients may trust
 * (RFC 5280). `names` are host names and IP addresses; the first is its common name.
 */
export function makeSelfSigned(names: readonly string[], nowMs: number): MadeCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const commonName = `${names[0] ?? 'flotilla'}@${Math.floor(nowMs / 1000)}`;
  const name = sequence(setOf(sequence(oid('2.5.4.3'), utf8String(commonName))));
  const content = sequence(
    der(0xa0, integer(Uint8Array.of(2))),
    integer(randomBytes(16)),
    ecdsaWithSha256,
    name,
    sequence(time(new Date(nowMs - 3600_000)), time(new Date(nowMs + 365 * dayMs))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions(names))),
  );
  const signature = sign('sha256', content, privateKey);
  const certificate = sequence(content, ecdsaWithSha256, bitString(signature));
  return {
    cert: toPem('CERTIFICATE', certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function extensions(names: readonly string[]): Uint8Array[] {
  const digitalSignatureAndCertSign = bitString(Uint8Array.of(0b10000100), 2);
  return [
    extension('2.5.29.15', digitalSignatureAndCertSign, true),
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1')), false),
    extension('2.5.29.19', sequence(booleanTrue), true),
    extension('2.5.29.17', sequence(...names.map(generalName)), false),
  ];
}

function extension(id: string, value: Uint8Array, isCritical: boolean): Uint8Array {
  return sequence(oid(id), ...(isCritical ? [booleanTrue] : []), octetString(value));
}

/** A DNS name or an IP address of the subject alternative names. */
function generalName(name: string): Uint8Array {
  const ip = parseIp(name);
  if (ip === null) return der(0x82, Buffer.from(name, 'latin1'));
  const digits = ip.address.value.toString(16).padStart(bitsOf(ip.address) / 4, '0');
  return der(0x87, Buffer.from(digits, 'hex'));
}

function toPem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
