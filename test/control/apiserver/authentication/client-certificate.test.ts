import { Registry } from 'prom-client';
import t from 'tap';
import { CertificateLifetimes } from '../../../../src/control/apiserver/authentication/certificate-lifetimes.js';
import { ClientCertificateAuthenticator } from '../../../../src/control/apiserver/authentication/client-certificate.js';
import { RequestHeaderAuthenticator } from '../../../../src/control/apiserver/authentication/request-header.js';
import { parseCertificate } from '../../../../src/control/apiserver/certificates/certificate.js';
import { CertificateError } from '../../../../src/control/apiserver/certificates/certificate-verifier.js';
import { RequestFields } from '../../../../src/rpc/web.js';
import { ManualClock } from '../../../store/manual-clock.js';
import { makeAuthority, makeCertificate, nowMs } from '../certificates/certificate-maker.js';

/** A clock that tells the time of the test certificates. */
function clockAt(ms: number): ManualClock {
  const clock = new ManualClock();
  clock.wallTime = () => ms;
  return clock;
}

const noHeaders = new Map<string, string>();

t.test('ClientCertificateAuthenticator tells user, groups, uid and credential', async (t) => {
  const ca = makeAuthority();
  const leaf = makeCertificate({ commonName: 'jane', organizations: ['dev'], uids: ['7'] }, ca);
  const authenticator = new ClientCertificateAuthenticator(
    [parseCertificate(ca.der)],
    clockAt(nowMs),
  );
  for (let round = 0; round < 2; round++) {
    const user = await authenticator.authenticate({
      headers: noHeaders,
      peerCertificates: [leaf.der],
    });
    t.equal(user?.name, 'jane');
    t.same(user?.groups, ['dev']);
    t.equal(user?.uid, '7');
    t.match(
      user?.extra['authentication.kubernetes.io/credential-id']?.[0],
      /^X509SHA256=[0-9a-f]{64}$/,
    );
  }
});

t.test('ClientCertificateAuthenticator tells for how long good certificates hold', async (t) => {
  const ca = makeAuthority();
  const lifetimes = new CertificateLifetimes();
  const seen: number[] = [];
  const clock = new ManualClock();
  let time = nowMs;
  clock.wallTime = () => time;
  const authorities = [parseCertificate(ca.der)];
  const authenticator = new ClientCertificateAuthenticator(authorities, clock, (secondsLeft) => {
    seen.push(secondsLeft);
    lifetimes.onRequest(secondsLeft);
  });
  const leaf = makeCertificate({ commonName: 'jane', notAfterMs: nowMs + 7_000_000 }, ca);
  const credentials = { headers: noHeaders, peerCertificates: [leaf.der] };
  await authenticator.authenticate(credentials);
  time += 1_000_000;
  await authenticator.authenticate(credentials);
  await authenticator.authenticate({ headers: noHeaders, peerCertificates: [] });
  time += 7_000_000;
  await t.rejects(authenticator.authenticate(credentials), CertificateError);
  t.same(seen, [7000, 6000]);
  const registry = new Registry();
  lifetimes.register(registry);
  const lines = (await registry.metrics()).split('\n');
  for (const [bound, count] of [
    ['3600', 0],
    ['7200', 2],
    ['31104000', 2],
  ])
    t.ok(
      lines.includes(
        `apiserver_client_certificate_expiration_seconds_bucket{le="${bound}"} ${count}`,
      ),
      `${bound}`,
    );
});

t.test(
  'ClientCertificateAuthenticator has no business without a certificate or a name',
  async (t) => {
    const ca = makeAuthority();
    const authenticator = new ClientCertificateAuthenticator(
      [parseCertificate(ca.der)],
      clockAt(nowMs),
    );
    t.equal(await authenticator.authenticate({ headers: noHeaders, peerCertificates: [] }), null);
    const nameless = makeCertificate({ organizations: ['dev'] }, ca);
    const credentials = { headers: noHeaders, peerCertificates: [nameless.der] };
    t.equal(await authenticator.authenticate(credentials), null);
  },
);

t.test(
  'ClientCertificateAuthenticator forgets what it verified when time passes or authorities change',
  async (t) => {
    const ca = makeAuthority();
    const leaf = makeCertificate({ commonName: 'jane', notAfterMs: nowMs + 5000 }, ca);
    const clock = new ManualClock();
    let time = nowMs;
    clock.wallTime = () => time;
    const authenticator = new ClientCertificateAuthenticator([parseCertificate(ca.der)], clock);
    const credentials = { headers: noHeaders, peerCertificates: [leaf.der] };
    t.equal((await authenticator.authenticate(credentials))?.name, 'jane');
    time = nowMs + 6000;
    await t.rejects(authenticator.authenticate(credentials), CertificateError);
    time = nowMs;
    t.equal((await authenticator.authenticate(credentials))?.name, 'jane');
    authenticator.setAuthorities([parseCertificate(makeAuthority().der)]);
    await t.rejects(authenticator.authenticate(credentials), CertificateError);
  },
);

t.test('RequestHeaderAuthenticator believes its proxies only', async (t) => {
  const ca = makeAuthority();
  const proxy = makeCertificate({ commonName: 'front-proxy' }, ca);
  const stranger = makeCertificate({ commonName: 'stranger' }, ca);
  const forged = makeCertificate({ commonName: 'front-proxy' }, makeAuthority());
  const authenticator = new RequestHeaderAuthenticator(
    {
      authorities: [parseCertificate(ca.der)],
      allowedNames: ['front-proxy'],
      usernameHeaders: ['X-Remote-User'],
      uidHeaders: ['X-Remote-Uid'],
      groupHeaders: ['X-Remote-Group'],
      extraHeaderPrefixes: ['X-Remote-Extra-'],
    },
    clockAt(nowMs),
  );
  const headers = new RequestFields();
  for (const [name, value] of [
    ['x-remote-user', 'jane'],
    ['x-remote-uid', '42'],
    ['x-remote-group', 'dev'],
    ['x-remote-group', 'research, applied'],
    ['x-remote-extra-acme.com%2fscope', 'a'],
    ['x-remote-extra-acme.com%2fscope', 'b'],
  ] as const)
    headers.add(name, value);
  const by = (der: Uint8Array) => authenticator.authenticate({ headers, peerCertificates: [der] });
  t.same(await by(proxy.der), {
    name: 'jane',
    uid: '42',
    groups: ['dev', 'research, applied'],
    extra: { 'acme.com/scope': ['a', 'b'] },
  });
  await t.rejects(by(stranger.der), /cn=stranger is not in the allowed list/);
  await t.rejects(by(forged.der), CertificateError);
  t.equal(
    await authenticator.authenticate({ headers, peerCertificates: [] }),
    null,
    'no certificate',
  );
  t.equal(
    await authenticator.authenticate({ headers: noHeaders, peerCertificates: [proxy.der] }),
    null,
    'no header',
  );
});
