import t from 'tap';
import {
  extendedKeyUsage,
  parseCertificate,
} from '../../../../src/control/apiserver/certificates/certificate.js';
import {
  CertificateError,
  CertificateVerifier,
} from '../../../../src/control/apiserver/certificates/certificate-verifier.js';
import { makeAuthority, makeCertificate, nowMs } from './certificate-maker.js';

const client = { extendedKeyUsages: [extendedKeyUsage.clientAuth] };

t.test('CertificateVerifier accepts a leaf of an authority and reads its subject', async (t) => {
  const ca = makeAuthority();
  const leaf = makeCertificate(
    { commonName: 'jane', organizations: ['dev', 'ops'], uids: ['u1'], ...client },
    ca,
  );
  const verifier = new CertificateVerifier([parseCertificate(ca.der)]);
  const { subject } = verifier.verify([leaf.der], nowMs);
  t.same(subject, { commonName: 'jane', organizations: ['dev', 'ops'], uids: ['u1'] });
});

t.test('CertificateVerifier accepts a chain over intermediates in any order', async (t) => {
  const root = makeAuthority({ commonName: 'root' });
  const first = makeAuthority({ commonName: 'first' }, root);
  const second = makeAuthority({ commonName: 'second' }, first);
  const leaf = makeCertificate({ commonName: 'jane', ...client }, second);
  const verifier = new CertificateVerifier([parseCertificate(root.der)]);
  t.equal(verifier.verify([leaf.der, first.der, second.der], nowMs).subject.commonName, 'jane');
  t.throws(() => verifier.verify([leaf.der, second.der], nowMs), CertificateError);
});

t.test('CertificateVerifier refuses what does not hold', async (t) => {
  const ca = makeAuthority();
  const other = makeAuthority();
  const noAuthority = makeCertificate({ commonName: 'mid' }, ca);
  const shortPath = makeAuthority({ commonName: 'short', pathLength: 0 }, ca);
  const belowShort = makeAuthority({ commonName: 'below' }, shortPath);
  const noSigning = makeAuthority({ commonName: 'nosign', keyUsage: 0x80 }, ca);
  const oldAuthority = makeAuthority({ commonName: 'old', notAfterMs: nowMs - 1000 }, ca);
  const cases: readonly [string, readonly Uint8Array[], RegExp][] = [
    ['no certificate', [], /no certificate was sent/],
    ['garbage', [Uint8Array.of(0x30, 0x03, 1, 2, 3)], /malformed certificate/],
    [
      'another authority',
      [makeCertificate({ commonName: 'x', ...client }, other).der],
      /unknown authority/,
    ],
    [
      'expired',
      [makeCertificate({ notAfterMs: nowMs - 1000 }, ca).der],
      /expired or is not yet valid/,
    ],
    [
      'not yet valid',
      [makeCertificate({ notBeforeMs: nowMs + 1000 }, ca).der],
      /expired or is not yet valid/,
    ],
    [
      'a server certificate',
      [makeCertificate({ extendedKeyUsages: [extendedKeyUsage.serverAuth] }, ca).der],
      /incompatible key usage/,
    ],
    [
      'an unknown critical extension',
      [makeCertificate({ criticalExtension: '1.2.3.4' }, ca).der],
      /unhandled critical extension 1\.2\.3\.4/,
    ],
    [
      'name constraints that matter',
      [makeCertificate({ criticalExtension: '2.5.29.30' }, ca).der],
      /unhandled critical extension/,
    ],
    [
      'a signer that is no authority',
      [makeCertificate({ commonName: 'x' }, noAuthority).der, noAuthority.der],
      /not authorized to sign/,
    ],
    [
      'a signer whose key may not sign',
      [makeCertificate({ commonName: 'x' }, noSigning).der, noSigning.der],
      /not authorized to sign/,
    ],
    [
      'a signer that has expired',
      [makeCertificate({ commonName: 'x' }, oldAuthority).der, oldAuthority.der],
      /expired/,
    ],
    [
      'a path that is too long',
      [makeCertificate({ commonName: 'x' }, belowShort).der, belowShort.der, shortPath.der],
      /too many intermediates/,
    ],
    ['a chain that is too long', Array.from({ length: 11 }, () => ca.der), /too long/],
  ];
  const verifier = new CertificateVerifier([parseCertificate(ca.der)]);
  for (const [title, chain, text] of cases)
    t.throws(() => verifier.verify(chain, nowMs), text, title);
});

t.test('CertificateVerifier refuses a leaf with any bit of its content changed', async (t) => {
  const ca = makeAuthority();
  const leaf = makeCertificate({ commonName: 'jane', ...client }, ca);
  const verifier = new CertificateVerifier([parseCertificate(ca.der)]);
  for (let at = 0; at < leaf.der.length; at += 7) {
    const changed = Uint8Array.from(leaf.der);
    changed[at] = (changed[at] ?? 0) ^ 0x01;
    t.throws(() => verifier.verify([changed], nowMs), CertificateError, `byte ${at}`);
  }
});
