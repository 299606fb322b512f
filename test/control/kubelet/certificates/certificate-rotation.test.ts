import { X509Certificate } from 'node:crypto';
import t from 'tap';
import { silentLogger } from '../../../../src/base/logger.js';
import { Prng } from '../../../../src/base/prng.js';
import type { CertificateSigningRequest } from '../../../../src/control/api/gen/certificates-v1.js';
import { parseSigningRequest } from '../../../../src/control/apiserver/certificates/signing-request.js';
import type { ControlClient } from '../../../../src/control/client/index.js';
import { CertificateRotation } from '../../../../src/control/kubelet/certificates/certificate-rotation.js';
import { makeCertificate } from '../../../../src/host/certificate-maker.js';
import { readCertificateRequest } from '../../../../src/host/certificate-signer.js';
import type { CertificatePair } from '../../../../src/rpc/index.js';
import { ManualClock } from '../../../store/manual-clock.js';

const hourMs = 3_600_000;

/** A cluster whose administrator decides on each request. */
function makeCluster(clock: ManualClock, decide: (count: number) => 'sign' | 'deny' | 'wait') {
  const requests: CertificateSigningRequest[] = [];
  const statusOf = async (index: number): Promise<CertificateSigningRequest['status']> => {
    const decision = decide(index);
    if (decision === 'wait') return {};
    if (decision === 'deny') return { conditions: [{ type: 'Denied', message: 'no' } as never] };
    const nowMs = clock.wallTime();
    const { cert } = await makeCertificate({
      ...{ commonName: 'system:node:n1', use: 'self-signed-server' },
      ...{ notBeforeMs: nowMs, notAfterMs: nowMs + 10 * hourMs },
    });
    return { certificate: Buffer.from(cert).toString('base64') };
  };
  const client = {
    objects: () => ({
      create: async (object: CertificateSigningRequest) => {
        requests.push(object);
        return { ...object, metadata: { name: `csr-${requests.length - 1}` } };
      },
      get: async ({ name }: { name: string }) => ({
        metadata: { name },
        status: await statusOf(Number(name.slice(4))),
      }),
    }),
  } as unknown as ControlClient;
  return { client, requests };
}

function start(clock: ManualClock, client: ControlClient, current: CertificatePair | null) {
  const given: CertificatePair[] = [];
  const stop = new AbortController();
  const rotation = new CertificateRotation({
    ...{ client, clock, prng: new Prng(1), logger: silentLogger, nodeName: 'n1', current },
    purpose: 'serving',
    names: () => ['n1', '10.0.0.1'],
    onCertificate: async (pair) => void given.push(pair),
  });
  const running = rotation.run(stop.signal);
  return {
    given,
    async stop() {
      stop.abort();
      await running;
    },
  };
}

/** Time passes until it holds. */
async function pass(clock: ManualClock, stepMs: number, holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 60_000;
  while (!holds() && performance.now() < endMs) {
    await clock.advance(stepMs);
    // Keys and certificates are made beside the event loop.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

t.test(
  'CertificateRotation asks as the signer wants it, and again before the time is over',
  async (t) => {
    const clock = new ManualClock();
    await clock.advance(Date.now());
    const { client, requests } = makeCluster(clock, () => 'sign');
    const { given, stop } = start(clock, client, null);
    await pass(clock, 2000, () => given.length > 0);
    t.match(requests[0]?.spec, {
      signerName: 'kubernetes.io/kubelet-serving',
      usages: ['digital signature', 'server auth'],
    });
    const { subject } = parseSigningRequest(requests[0]?.spec?.request ?? '');
    t.equal(subject.commonName, 'system:node:n1');
    t.same(subject.organizations, ['system:nodes']);
    const der = Buffer.from(
      Buffer.from(requests[0]?.spec?.request ?? '', 'base64')
        .toString()
        .replace(/-----[^-]+-----|\s/g, ''),
      'base64',
    );
    t.match(
      await readCertificateRequest(der),
      { dnsNames: ['n1'], ipAddresses: ['10.0.0.1'], emailAddresses: [], uris: [] },
      'the signer reads the names',
    );
    t.ok(new X509Certificate(given[0]?.cert ?? '').subject.includes('n1'));
    t.match(given[0]?.key, /BEGIN PRIVATE KEY/);
    await clock.advance(6.9 * hourMs);
    t.equal(requests.length, 1, 'it is good for seven tenths of its time');
    await pass(clock, 60_000, () => given.length > 1);
    t.equal(given.length, 2);
    t.not(given[1]?.key, given[0]?.key, 'each has a key of its own');
    await stop();
  },
);

t.test('CertificateRotation: what was refused is asked for again, not at once', async (t) => {
  const clock = new ManualClock();
  await clock.advance(Date.now());
  const { client, requests } = makeCluster(clock, (index) =>
    index === 0 ? 'deny' : index === 1 ? 'wait' : 'sign',
  );
  const { given, stop } = start(clock, client, null);
  await pass(clock, 0, () => requests.length === 1);
  const deniedMs = clock.now();
  await pass(clock, 500, () => requests.length === 2);
  t.ok(clock.now() - deniedMs >= 10_000, 'after a pause');
  const waitingMs = clock.now();
  await pass(clock, 10_000, () => given.length === 1);
  t.ok(clock.now() - waitingMs >= 15 * 60_000, 'somebody has a quarter of an hour to approve it');
  t.equal(requests.length, 3);
  await stop();
});
