import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { Extension, Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import t from 'tap';
import { signingRequestProblem } from '../../src/control/api/certificates-v1/signing-request.js';
import {
  CertificateRequestError,
  readCertificateRequest,
} from '../../src/host/certificate-signer.js';

t.test(
  'readCertificateRequest: alternative names that are none are an error of the request',
  async (t) => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const request = await Pkcs10CertificateRequestGenerator.create({
      name: 'CN=system:node:a, O=system:nodes',
      keys: keys as never,
      signingAlgorithm: algorithm,
      extensions: [new Extension('2.5.29.17', false, Uint8Array.of(0x30, 0x05, 0x01))],
    });
    const pem = Buffer.from(request.toString('pem')).toString('base64');
    t.equal(signingRequestProblem(pem), undefined, 'the API takes it: its signature is right');
    const der = new Uint8Array(request.rawData);
    await t.rejects(readCertificateRequest(der), CertificateRequestError);
    await t.rejects(readCertificateRequest(Uint8Array.of(1, 2, 3)), CertificateRequestError);
  },
);
