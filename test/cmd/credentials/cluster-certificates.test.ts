import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Clock } from '../../../src/base/clock.js';
import type { CertificateRow } from '../../../src/cmd/credentials/certificate-row.js';
import { ClusterCertificates } from '../../../src/cmd/credentials/cluster-certificates.js';
import { hostClock } from '../../../src/host/clock.js';

const dayMs = 86_400_000;
const start = Date.parse('2026-01-01T00:00:00Z');

const server: CertificateRow = {
  ...{ name: 'apiserver', authority: 'ca', use: 'server', commonName: 'kube-apiserver' },
  names: ['localhost', '127.0.0.1', '::1'],
};
const node: CertificateRow = {
  ...{ name: 'node', authority: 'ca', use: 'client', commonName: 'system:node:a' },
  organizations: ['system:nodes'],
};
const front: CertificateRow = {
  ...{ name: 'front', authority: 'front-proxy-ca', use: 'client', commonName: 'front' },
};
const rows = [server, node, front];

async function made(t: Test) {
  const dir = await mkdtemp(join(tmpdir(), 'pki-'));
  t.teardown(() => rm(dir, { recursive: true }));
  let nowMs = start;
  const clock: Clock = Object.assign(Object.create(hostClock), { wallTime: () => nowMs });
  const lifetimes = { leafMs: 100 * dayMs, authorityMs: 1000 * dayMs };
  const certificates = new ClusterCertificates(dir, clock, lifetimes);
  await certificates.renew(rows);
  return { dir, certificates, pass: (days: number) => (nowMs += days * dayMs) };
}

t.test('ClusterCertificates: signs who is asked for, and keeps what is good', async (t) => {
  const { certificates } = await made(t);
  const ca = new X509Certificate((await certificates.read('ca')).cert);
  const frontCa = new X509Certificate((await certificates.read('front-proxy-ca')).cert);
  const of = async (name: string) => new X509Certificate((await certificates.read(name)).cert);
  t.ok(ca.ca, 'an authority');
  t.ok((await of('apiserver')).verify(ca.publicKey));
  t.ok((await of('front')).verify(frontCa.publicKey), 'by the other authority');
  t.notOk((await of('front')).verify(ca.publicKey));
  t.equal((await of('node')).subject, 'O=system:nodes\nCN=system:node:a');
  t.equal((await of('apiserver')).checkIP('127.0.0.1'), '127.0.0.1');
  t.equal((await of('apiserver')).checkHost('localhost'), 'localhost');
  const mode = (await stat(certificates.keyFile('ca'))).mode & 0o777;
  t.equal(mode, 0o600, 'its owner alone reads a key');
  t.same(await certificates.renew(rows), [], 'nothing is made twice');
});

t.test('ClusterCertificates: makes anew what will soon be over', async (t) => {
  const { certificates, pass } = await made(t);
  pass(79);
  t.same(await certificates.renew(rows), [], 'a fifth of the time is left');
  pass(3);
  t.same(await certificates.renew(rows), ['apiserver', 'node', 'front']);
  t.same(await certificates.renew(rows), []);
  pass(725);
  const renewed = await certificates.renew(rows);
  t.same(
    renewed,
    ['ca', 'front-proxy-ca', 'apiserver', 'node', 'front'],
    'authorities, and so all',
  );
  const ca = new X509Certificate((await certificates.read('ca')).cert);
  const leaf = new X509Certificate((await certificates.read('node')).cert);
  t.ok(leaf.checkIssued(ca) && leaf.verify(ca.publicKey));
});

const changes: readonly {
  readonly title: string;
  readonly rows?: readonly CertificateRow[];
  readonly spoil?: (file: (name: string) => string, dir: string) => Promise<void>;
}[] = [
  {
    title: 'another name of a server',
    rows: [{ ...server, names: ['localhost', '10.0.0.1'] }, node, front],
  },
  { title: 'a name less', rows: [{ ...server, names: ['localhost', '127.0.0.1'] }, node, front] },
  { title: 'another user', rows: [{ ...server, commonName: 'other' }, node, front] },
  { title: 'another group', rows: [{ ...server, organizations: ['group'] }, node, front] },
  { title: 'another authority', rows: [{ ...server, authority: 'front-proxy-ca' }, node, front] },
  { title: 'a missing file', spoil: (file) => rm(file('apiserver')) },
  {
    title: 'half a file',
    spoil: async (file) =>
      writeFile(file('apiserver'), (await readFile(file('apiserver'), 'utf8')).slice(0, 200)),
  },
  {
    title: "another's key",
    spoil: async (_, dir) =>
      writeFile(join(dir, 'apiserver.key'), await readFile(join(dir, 'node.key'))),
  },
];
for (const { title, rows: asked = rows, spoil } of changes) {
  t.test(`ClusterCertificates: ${title} is made anew, and nothing else`, async (t) => {
    const { certificates, dir } = await made(t);
    await spoil?.((name) => certificates.certFile(name), dir);
    t.same(await certificates.renew(asked), ['apiserver']);
    t.same(await certificates.renew(asked), []);
  });
}
