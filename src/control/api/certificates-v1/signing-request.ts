import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { readPem } from './pem.js';

const sequence = 0x30;
const integer = 0x02;
const bitString = 0x03;
const oid = 0x06;

/** The hash of each algorithm of signatures that requests are signed with, by its object identifier in hexadecimal; null where it has its own. */
const hashes: ReadonlyMap<string, string | null> = new Map([
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
  ['2b6570', null],
]);

class MalformedRequest extends Error {}

/** Why a PKCS #10 request (RFC 2986) in PEM, given as base64, cannot be signed; undefined when it can. */
export function signingRequestProblem(base64: string): string | undefined {
  const [first] = readPem(Buffer.from(base64, 'base64').toString('latin1'));
  if (first?.type !== 'CERTIFICATE REQUEST') return 'PEM block type must be CERTIFICATE REQUEST';
  try {
    return signatureProblem(first.bytes);
  } catch (error) {
    if (error instanceof MalformedRequest) return `asn1: structure error: ${error.message}`;
    throw error;
  }
}

/** `SEQUENCE { info, algorithm, signature }`, where `info` is `SEQUENCE { version, subject, public key, attributes }`. */
function signatureProblem(bytes: Uint8Array): string | undefined {
  const [request] = elementsOf(bytes);
  const [info, algorithm, signature] = elementsOf(contentOf(request, sequence));
  const [version, , publicKey] = elementsOf(contentOf(info, sequence));
  contentOf(version, integer);
  const [identifier] = elementsOf(contentOf(algorithm, sequence));
  const hash = hashes.get(Buffer.from(contentOf(identifier, oid)).toString('hex'));
  if (hash === undefined) {
    return 'x509: cannot verify signature: algorithm unimplemented';
  }
  contentOf(publicKey, sequence);
  // The first byte counts the bits that are not used: none.
  const value = contentOf(signature, bitString).subarray(1);
  return isSigned({ data: info?.raw, hash, spki: publicKey?.raw, value })
    ? undefined
    : 'x509: signature does not match the public key of the request';
}

function isSigned({
  data = new Uint8Array(),
  hash,
  spki = new Uint8Array(),
  value,
}: {
  readonly data: Uint8Array | undefined;
  readonly hash: string | null;
  readonly spki: Uint8Array | undefined;
  readonly value: Uint8Array;
}): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    return verify(hash, data, key, value);
  } catch {
    return false;
  }
}

interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly raw: Uint8Array;
}

/** The elements of a DER value one after the other (X.690 section 8.1), those of one byte's tag. */
function elementsOf(bytes: Uint8Array): DerElement[] {
  const elements: DerElement[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at;
    const tag = bytes[at++] ?? 0;
    let size = bytes[at++];
    if (size === undefined || size === 0x80) throw new MalformedRequest('a length is missing');
    if (size > 0x80) {
      const digits = bytes.subarray(at, at + size - 0x80);
      if (digits.length !== size - 0x80 || digits.length > 4) {
        throw new MalformedRequest('a length is cut off');
      }
      at += digits.length;
      size = digits.reduce((sum, digit) => sum * 256 + digit, 0);
    }
    if (size > bytes.length - at) throw new MalformedRequest('an element is cut off');
    at += size;
    elements.push({ tag, content: bytes.subarray(at - size, at), raw: bytes.subarray(start, at) });
  }
  return elements;
}

function contentOf(element: DerElement | undefined, tag: number): Uint8Array {
  if (element === undefined) throw new MalformedRequest('an element is missing');
  if (element.tag !== tag) throw new MalformedRequest('tags do not match');
  return element.content;
}

/** Why the certificates in PEM that a request was answered with cannot be used; given as base64, '' for none. */
export function certificateProblem(base64: string): string | undefined {
  if (base64 === '') return undefined;
  const blocks = readPem(Buffer.from(base64, 'base64').toString('latin1'));
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block';
  for (const { type, hasHeaders, bytes } of blocks) {
    if (type !== 'CERTIFICATE') {
      return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`;
    }
    if (hasHeaders) return 'no PEM block headers are permitted';
    if (bytes.length === 0) return 'found CERTIFICATE PEM block containing 0 certificates';
    try {
      new X509Certificate(Buffer.from(bytes));
    } catch {
      return 'x509: malformed certificate';
    }
  }
  return undefined;
}
