import { generateKeyPairSync, sign } from 'node:crypto';
import t from 'tap';
import { signingRequestProblem } from '../../../../src/control/api/certificates-v1/signing-request.js';
import { KindRig } from '../kind-rig.js';

const requests = new KindRig('certificates.k8s.io/v1', 'CertificateSigningRequest');

function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const length =
    size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** A request of RFC 2986 with no subject, signed with ECDSA; `spoil` changes what was signed. */
function pem(spoil = 0): string {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const info = der(0x30, der(0x02, Buffer.from([0])), der(0x30), spki, der(0xa0));
  const signature = sign('sha256', info, privateKey);
  const sent = Buffer.from(info);
  const last = sent.length - 3;
  sent[last] = sent[last]! ^ spoil;
  const algorithm = der(0x30, der(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
  const whole = der(0x30, sent, algorithm, der(0x03, Buffer.from([0]), signature));
  const lines = whole
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n');
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines}\n-----END CERTIFICATE REQUEST-----\n`;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const good = base64(pem());
const spec = { request: good, signerName: 'example.com/s', usages: ['client auth'] };

t.test('signingRequestProblem takes only what its key has signed', async (t) => {
  t.equal(signingRequestProblem(good), undefined);
  t.match(signingRequestProblem(base64(pem(1))), /signature does not match/);
  t.equal(signingRequestProblem(base64('hello')), 'PEM block type must be CERTIFICATE REQUEST');
  const bytes = Buffer.from(pem().split('\n').slice(1, -2).join(''), 'base64');
  for (let at = 0; at < bytes.length; at++) {
    const cut = bytes.subarray(0, at).toString('base64');
    const text = `-----BEGIN CERTIFICATE REQUEST-----\n${cut}\n-----END CERTIFICATE REQUEST-----\n`;
    t.match(signingRequestProblem(base64(text)), String, `cut at ${at}`);
  }
});

t.test('CertificateSigningRequest refuses what Kubernetes refuses', async (t) => {
  t.same(requests.createErrors({ spec }), []);
  t.same(
    requests
      .createErrors({
        spec: { ...spec, usages: ['any', 'any', 'flying'], signerName: 'x', expirationSeconds: 1 },
      })
      .map((text) => text.replace(/: supported values.*/, '')),
    [
      'spec.usages[2]: Unsupported value: "flying"',
      'spec.usages[1]: Duplicate value: "any"',
      'spec.signerName: Invalid value: "x": must be a fully qualified domain and path of the form \'example.com/signer-name\'',
      'spec.expirationSeconds: Invalid value: 1: may not specify a duration less than 600 seconds (10 minutes)',
    ],
  );
});

t.test('CertificateSigningRequest is approved by one way and issued by another', async (t) => {
  const approved = { conditions: [{ type: 'Approved', status: 'True' }] };
  t.same(requests.statusErrors({ spec, status: approved }, { spec }), [
    'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
  ]);
  t.same(requests.statusErrors({ spec }, { spec, status: approved }), [
    'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
  ]);
  t.same(requests.statusErrors({ spec, status: { certificate: base64('x') } }, { spec }), [
    'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
  ]);
  const conditions = [...approved.conditions, { type: 'Denied', status: 'True' }];
  t.same(requests.cells({ spec, status: { conditions } }).at(-1), 'Denied');
  t.same(
    requests.cells({ spec, status: { ...approved, certificate: 'AA==' } }).at(-1),
    'Approved,Issued',
  );
  t.same(requests.cells({ spec: { ...spec, expirationSeconds: 86400 } }).slice(4), [
    '24h',
    'Pending',
  ]);
});
