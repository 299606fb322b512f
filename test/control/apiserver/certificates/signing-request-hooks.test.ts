import t from 'tap';
import type { CertificateSigningRequest } from '../../../../src/control/api/gen/certificates-v1.js';
import { signingRequestHooks } from '../../../../src/control/apiserver/certificates/signing-request-hooks.js';
import { AdmissionWorld } from '../admission/world.js';

t.test('a signing request says who made it, whatever it said before', async (t) => {
  const { context } = new AdmissionWorld().request(
    'CREATE certificates.k8s.io/certificatesigningrequests /',
    {
      user: { name: 'jane', uid: '', groups: ['dev'], extra: { scope: ['a'] } },
    },
  );
  const request: CertificateSigningRequest = {
    metadata: { name: 'x' },
    spec: {
      request: 'cGVt',
      signerName: 's',
      username: 'root',
      uid: '0',
      groups: ['system:masters'],
    },
    status: { certificate: 'Y2VydA==' },
  };
  t.equal(await signingRequestHooks.beginCreate(request, context), null);
  t.same(request.spec, {
    request: 'cGVt',
    signerName: 's',
    username: 'jane',
    groups: ['dev'],
    extra: { scope: ['a'] },
  });
  t.same(request.status, {});
});

t.test('a signing request keeps what it says, whatever an update says', async (t) => {
  const old: CertificateSigningRequest = {
    metadata: { name: 'x' },
    spec: { signerName: 's', username: 'jane' },
    status: { conditions: [] },
  };
  const what = 'UPDATE certificates.k8s.io/certificatesigningrequests';
  for (const [where, status] of [
    [`${what} /x`, { conditions: [] }],
    [`${what}/status /x`, { certificate: 'Y2VydA==' }],
  ] as const) {
    const request: CertificateSigningRequest = {
      metadata: { name: 'x', labels: { a: 'b' } },
      spec: { signerName: 's', username: 'root', groups: ['system:masters'] },
      status: { certificate: 'Y2VydA==' },
    };
    const { context } = new AdmissionWorld().request(where);
    await signingRequestHooks.beginUpdate(request, old, context);
    t.same(request, { metadata: { name: 'x', labels: { a: 'b' } }, spec: old.spec, status }, where);
  }
});
