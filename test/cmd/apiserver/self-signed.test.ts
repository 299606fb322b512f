import { X509Certificate } from 'node:crypto';
import t from 'tap';
import { makeSelfSigned } from '../../../src/cmd/apiserver/self-signed.js';

t.test('makeSelfSigned makes a certificate that others read and believe', async (t) => {
  const names = ['localhost', '127.0.0.1', 'kubernetes.default.svc', '::1', 'fd00::12:3'];
  const { cert, key } = await makeSelfSigned(names, Date.now());
  const certificate = new X509Certificate(cert);
  t.ok(certificate.verify(certificate.publicKey), 'it is signed by itself');
  t.equal(certificate.ca, true);
  for (const name of ['localhost', 'kubernetes.default.svc'])
    t.ok(certificate.checkHost(name), name);
  for (const ip of ['127.0.0.1', '::1', 'fd00::12:3']) t.ok(certificate.checkIP(ip), ip);
  t.equal(certificate.checkHost('example.org'), undefined);
  t.ok(Date.parse(certificate.validFrom) <= Date.now());
  t.ok(Date.parse(certificate.validTo) > Date.now() + 360 * 24 * 3600 * 1000);
  t.match(key, /^-----BEGIN PRIVATE KEY-----/);
});

t.test('makeSelfSigned makes another one each time', async (t) => {
  const [one, two] = [await makeSelfSigned(['a'], 0), await makeSelfSigned(['a'], 0)];
  t.not(new X509Certificate(one.cert).serialNumber, new X509Certificate(two.cert).serialNumber);
});
