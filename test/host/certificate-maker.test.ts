import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import t from 'tap';
import {
  type CertificateSubject,
  certifyKey,
  makeCertificate,
} from '../../src/host/certificate-maker.js';

const nowMs = Date.now();
const subject = (over: Partial<CertificateSubject>): CertificateSubject => ({
  commonName: 'x',
  use: 'client',
  notBeforeMs: nowMs - 60_000,
  notAfterMs: nowMs + 60_000,
  ...over,
});

t.test('makeCertificate makes an authority, and leaves that it signs', async (t) => {
  const made = await makeCertificate(subject({ commonName: 'a, "ca"', use: 'authority' }));
  const authority = new X509Certificate(made.cert);
  t.equal(authority.ca, true);
  t.ok(authority.verify(authority.publicKey));
  const cases = [
    ['client', ['1.3.6.1.5.5.7.3.2']],
    ['server', ['1.3.6.1.5.5.7.3.1']],
  ] as const;
  for (const [use, usages] of cases) {
    const organizations = ['system:masters', 'two'];
    const { cert, key } = await makeCertificate(
      subject({ commonName: 'jane+1=a', organizations, use, names: ['a.example', '::1'] }),
      made,
    );
    const leaf = new X509Certificate(cert);
    t.ok(leaf.checkIssued(authority), use);
    t.ok(leaf.verify(authority.publicKey));
    t.notOk(leaf.verify(leaf.publicKey));
    t.equal(leaf.ca, false);
    t.same(leaf.keyUsage, usages);
    t.match(leaf.toLegacyObject().subject, { CN: 'jane+1=a', O: organizations });
    t.equal(leaf.subjectAltName, 'DNS:a.example, IP Address:0:0:0:0:0:0:0:1');
    t.ok(createPublicKey(key).equals(leaf.publicKey));
  }
});

t.test('certifyKey signs the keys of others, with keys of every usual kind', async (t) => {
  const { publicKey } = generateKeyPairSync('ed25519');
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const signers = [
    ['rsa', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['P-521', generateKeyPairSync('ec', { namedCurve: 'P-521' })],
  ] as const;
  for (const [kind, pair] of signers) {
    const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const cert = new X509Certificate(await certifyKey(spki, subject({}), { cert: null, key }));
    t.ok(cert.verify(pair.publicKey), kind);
    t.ok(cert.publicKey.equals(publicKey), kind);
  }
  const wrong = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  await t.rejects(certifyKey(spki, subject({}), { cert: null, key: wrong.toString() }), {
    message: /cannot sign certificates here/,
  });
});
