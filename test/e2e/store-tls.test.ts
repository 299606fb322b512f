import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import t, { type Test } from 'tap';
import { loadLibrary, makeCertificate } from '../../src/host/certificate-maker.js';
import { until } from '../client/until.js';
import { ca, clientCert, clientKey, serverCert, serverKey } from '../rpc/certificates.js';
import { staticFlags } from './cluster.js';
import { Member, type MemberSpec } from './member.js';
import { freePorts } from './ports.js';
import { RawClient } from './raw-client.js';

/** `flotilla store` with etcd's TLS flags, and on Unix sockets. */

/** Where the file system tells of nothing, files are looked at once a minute. */
const reloadMs = 120_000;

const client = { cert: clientCert, key: clientKey };

t.test('--trusted-ca-file asks for client certificates by itself, as in etcd', async (t) => {
  const { member, port } = await secureMember(t, []);
  t.equal(await statusOf(port, { ca, ...client }), 200);
  t.equal(await statusOf(port, { ca }), null, 'nobody without one is let in');
  await until('it is noted', () => member.log.some((line) => line.includes(rejected)));
});

const rejected = 'rejected connection on client endpoint';
const reloaded = 'TLS material for peers was reloaded';
const peerFlags = [
  'peer-cert-file',
  'peer-key-file',
  'peer-client-cert-file',
  'peer-client-key-file',
  'peer-trusted-ca-file',
];

t.test('--client-cert-allowed-hostname and --client-crl-file turn away', async (t) => {
  const dir = await folder(t);
  const crl = join(dir, 'revoked.crl');
  await writeFile(crl, await revocationOf(clientCert));
  const table = [
    ['--client-cert-allowed-hostname=elsewhere,localhost', 200],
    ['--client-cert-allowed-hostname=elsewhere', null],
    [`--client-crl-file=${crl}`, null],
  ] as const;
  for (const [flag, expected] of table) {
    const { member, port } = await secureMember(t, [flag]);
    t.equal(await statusOf(port, { ca, ...client }), expected, flag);
    await member.kill();
  }
});

t.test(
  'files that are replaced are used for connections that come after, without a restart',
  async (t) => {
    const { member, port, dir } = await secureMember(t, []);
    const shown = async () => (await certificateOf(port)).subject.CN;
    t.equal(await shown(), 'test server');
    await replace(join(dir, 'server.key'), clientKey);
    await until('half a pair is told of', () =>
      member.log.some((line) => line.includes('TLS material for clients was not reloaded')),
    );
    t.equal(await shown(), 'test server', 'and what was goes on');
    await replace(join(dir, 'server.crt'), clientCert);
    await until('the other pair is used', async () => (await shown()) === 'test client', reloadMs);

    t.equal(await statusOf(port, { ca, ...client }), 200);
    await replace(join(dir, 'ca.crt'), (await authority('other')).ca);
    const isRefused = async () => (await statusOf(port, { ca, ...client })) === null;
    await until('the other authority counts', isRefused, reloadMs);
  },
);

t.test('peers go on with each other over a change of their authority', async (t) => {
  const dir = await folder(t);
  const ports = await freePorts(4);
  const [first, second] = [await authority('first'), await authority('second')];
  const files = peerFlags.map((flag) => join(dir, flag));
  const write = async (texts: readonly string[]) => {
    for (const [index, text] of texts.entries()) await replace(files[index]!, text);
  };
  const both = first.ca + second.ca;
  await write([...first.member, first.ca]);
  const bases = ['a', 'b'].map((name, i) => ({
    kind: 'flotilla' as const,
    name,
    clientUrl: `http://127.0.0.1:${ports[2 * i]}`,
    peerUrl: `https://127.0.0.1:${ports[2 * i + 1]}`,
    dataDir: join(dir, name),
  }));
  const flags = peerFlags.map((flag, index) => `--${flag}=${files[index]}`);
  const members = await startMembers(t, bases, flags);
  const reloads = () =>
    members.map(({ log }) => log.filter((line) => line.includes(reloaded)).length);
  const replaceAll = async (texts: readonly string[]) => {
    const before = reloads();
    await write(texts);
    const areRead = () => reloads().every((count, index) => count > before[index]!);
    await until('both have read the files', areRead, reloadMs);
  };
  await replaceAll([...first.member, both]);
  await replaceAll([...second.member, both]);
  for (const port of [ports[1]!, ports[3]!]) {
    const isShown = async () => (await certificateOf(port)).subject.CN === 'member of second';
    await until('the other certificate is shown', isShown, reloadMs);
  }
  await replaceAll([...second.member, second.ca]);
  // A member that starts with the new authority alone is let in by the other, which ran all the time.
  await members[1]!.kill();
  members[1]!.start();
  await members[1]!.ready();
  const writer = new RawClient(`127.0.0.1:${ports[2]}`);
  t.teardown(() => writer.close());
  t.equal((await writer.put('k', 'v')).header?.revision, 2);
});

t.test('files that cannot be used are refused by the name of their flag', async (t) => {
  const dir = await folder(t);
  const paths = { cert: 'server.crt', key: 'server.key', other: 'other.key', none: 'absent.pem' };
  const file = (name: keyof typeof paths) => join(dir, paths[name]);
  await writeFile(file('cert'), serverCert);
  await writeFile(file('key'), serverKey);
  await writeFile(file('other'), clientKey);
  const pair = [`--cert-file=${file('cert')}`, `--key-file=${file('key')}`];
  const table = [
    [[`--cert-file=${file('none')}`, pair[1]!], /--cert-file: cannot read ".*absent.pem" \(ENOENT/],
    [[`--cert-file=${dir}`, pair[1]!], /--cert-file: cannot read ".*" \(EISDIR/],
    [[pair[0]!, `--key-file=${file('other')}`], /--cert-file ".*" with --key-file ".*other.key": /],
    [[...pair, `--trusted-ca-file=${file('key')}`], /--trusted-ca-file: ".*" holds no certificate/],
    [
      [`--peer-cert-file=${file('cert')}`, `--peer-key-file=${file('other')}`],
      /--peer-cert-file ".*" with --peer-key-file/,
    ],
  ] as const;
  for (const [flags, says] of table) {
    const member = new Member({
      ...{ kind: 'flotilla', name: 'a', clientUrl: 'http://unused', peerUrl: 'http://unused' },
      dataDir: join(dir, 'a'),
      flags: [`--data-dir=${join(dir, 'a')}`, ...flags],
    });
    t.teardown(() => member.kill());
    member.start();
    t.same(await member.exit, { code: 1, signal: null }, flags.join(' '));
    t.match(member.log.at(-1), says);
  }
});

t.test('--auto-tls and --peer-auto-tls make certificates, once', async (t) => {
  const dir = await folder(t);
  const ports = await freePorts(6);
  const bases = [0, 1, 2].map((i) => ({
    kind: 'flotilla' as const,
    name: `m${i}`,
    clientUrl: `https://127.0.0.1:${ports[2 * i]}`,
    peerUrl: `https://127.0.0.1:${ports[2 * i + 1]}`,
    dataDir: join(dir, `m${i}`),
  }));
  const flags = ['--auto-tls', '--peer-auto-tls'];
  const members = await startMembers(t, bases, flags);
  const first = await certificateOf(ports[0]!);
  t.match(first.subjectaltname, /IP Address:127.0.0.1/);
  const years = (Date.parse(first.valid_to) - Date.now()) / (365 * 24 * 3600 * 1000);
  t.ok(years > 0.9 && years < 1.1);
  const key = await stat(join(dir, 'm0', 'fixtures', 'client', 'key.pem'));
  t.equal(key.mode & 0o077, 0, 'only its owner reads the key');
  await members[0]!.kill();
  members[0]!.start();
  await members[0]!.ready();
  t.equal((await certificateOf(ports[0]!)).fingerprint, first.fingerprint, 'kept over a restart');
});

t.test('the same port is served with TLS and without when both URLs are given', async (t) => {
  const dir = await folder(t);
  const { cert, key } = await writePair(dir);
  const [port, peerPort] = await freePorts(2);
  const urls = `http://localhost:${port},https://localhost:${port}`;
  await startMember(t, {
    dir,
    peerPort: peerPort!,
    flags: [`--listen-client-urls=${urls}`, `--advertise-client-urls=${urls}`, cert, key],
  });
  t.equal((await fetch(`http://localhost:${port}/health`)).status, 200);
  t.equal(await statusOf(port!, { ca }), 200);
});

t.test('unix:// URLs are served and dialed, and a socket left behind is replaced', async (t) => {
  const dir = await folder(t);
  const bases = ['a', 'b'].map((name) => ({
    kind: 'flotilla' as const,
    name,
    clientUrl: `unix://${join(dir, `${name}.client`)}`,
    peerUrl: `unix://${join(dir, `${name}.peer`)}`,
    dataDir: join(dir, name),
  }));
  const members = await startMembers(t, bases, []);
  await members[0]!.kill();
  members[0]!.start();
  await members[0]!.ready();
  const client = new RawClient(bases[1]!.clientUrl.replace('unix://', 'unix:'));
  t.teardown(() => client.close());
  t.equal((await client.put('k', 'v')).header?.revision, 2, 'both are there, or nothing commits');
});

/** A member with the tests' certificates that names their authority. */
/** A cluster of these members, each with further flags, that serves until the test ends. */
async function startMembers(
  t: Test,
  bases: readonly Omit<MemberSpec, 'flags'>[],
  flags: readonly string[],
): Promise<Member[]> {
  const initialCluster = bases.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  const members = bases.map(
    (base) =>
      new Member({ ...base, flags: [...staticFlags({ ...base, initialCluster }), ...flags] }),
  );
  t.teardown(() => Promise.all(members.map((member) => member.kill())));
  for (const member of members) member.start();
  await Promise.all(members.map((member) => member.ready()));
  return members;
}

async function secureMember(t: Test, flags: readonly string[]) {
  const dir = await folder(t);
  const files = await writePair(dir);
  const [port, peerPort] = await freePorts(2);
  const url = `https://127.0.0.1:${port}`;
  const member = await startMember(t, {
    dir,
    peerPort: peerPort!,
    flags: [
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      ...Object.values(files),
      ...flags,
    ],
  });
  return { member, port: port!, dir };
}

/** As whoever rotates certificates does it: nobody reads half a file. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

/** An authority, and what it has signed for a member: certificate and key as a server, and as a client of other members. */
async function authority(name: string): Promise<{ ca: string; member: readonly string[] }> {
  const nowMs = Date.now();
  const dates = { notBeforeMs: nowMs - 3_600_000, notAfterMs: nowMs + 24 * 3_600_000 };
  const issuer = await makeCertificate({ ...dates, commonName: name, use: 'authority' });
  const subject = { ...dates, commonName: `member of ${name}`, names: ['127.0.0.1'] };
  const server = await makeCertificate({ ...subject, use: 'server' }, issuer);
  const client = await makeCertificate({ ...subject, use: 'client' }, issuer);
  return { ca: issuer.cert, member: [server.cert, server.key, client.cert, client.key] };
}

async function startMember(
  t: Test,
  { dir, peerPort, flags }: { dir: string; peerPort: number; flags: readonly string[] },
): Promise<Member> {
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const member = new Member({
    kind: 'flotilla',
    name: 'a',
    clientUrl: 'http://unused',
    peerUrl,
    dataDir: join(dir, 'a'),
    flags: [
      '--name=a',
      `--data-dir=${join(dir, 'a')}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=a=${peerUrl}`,
      ...flags,
    ],
  });
  t.teardown(() => member.kill());
  member.start();
  await member.ready();
  return member;
}

/** The flags that name the files of the tests' server certificate and of its authority. */
async function writePair(dir: string): Promise<{ cert: string; key: string; ca: string }> {
  const write = async (name: string, text: string) => {
    const path = join(dir, name);
    await writeFile(path, text);
    return path;
  };
  return {
    cert: `--cert-file=${await write('server.crt', serverCert)}`,
    key: `--key-file=${await write('server.key', serverKey)}`,
    ca: `--trusted-ca-file=${await write('ca.crt', ca)}`,
  };
}

async function folder(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-tls-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** The status of /health over TLS, or null when the connection comes to nothing. */
function statusOf(port: number, options: tls.ConnectionOptions): Promise<number | null> {
  return new Promise((resolve) => {
    const socket = tls.connect({ host: '127.0.0.1', port, ...options });
    let text = '';
    socket.on('error', () => resolve(null));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(Number(/^HTTP\/1.1 (\d+)/.exec(text)?.[1] ?? NaN) || null));
    socket.write('GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  });
}

function certificateOf(port: number): Promise<tls.PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

/** A revocation list with this certificate's serial number, as DER, long out of date and signed by nobody we know. */
async function revocationOf(pem: string): Promise<Uint8Array> {
  const { X509Certificate, X509CrlGenerator } = await loadLibrary();
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
    'verify',
  ]);
  const list = await X509CrlGenerator.create({
    issuer: 'CN=somebody',
    thisUpdate: new Date(0),
    nextUpdate: new Date(1),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    signingKey: keys.privateKey,
    entries: [{ serialNumber: new X509Certificate(pem).serialNumber, revocationDate: new Date(0) }],
  });
  return new Uint8Array(list.rawData);
}
