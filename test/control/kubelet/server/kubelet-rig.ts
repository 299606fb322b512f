import { mkdtemp, rm } from 'node:fs/promises';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { Test } from 'tap';
import { silentLogger } from '../../../../src/base/logger.js';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { ClientCertificateAuthenticator } from '../../../../src/control/apiserver/authentication/client-certificate.js';
import { parseCertificatesPem } from '../../../../src/control/apiserver/certificates/certificate.js';
import type { AccessAttributes, RequestUser } from '../../../../src/control/delegation/index.js';
import type { KubeletView } from '../../../../src/control/kubelet/kubelet-view.js';
import type {
  AttachRequest,
  ContainerRuntime,
  ContainerState,
  ExecRequest,
  ProcessSession,
} from '../../../../src/control/kubelet/runtime/container-runtime.js';
import { RuntimeError } from '../../../../src/control/kubelet/runtime/runtime-error.js';
import { kubeletRoutes } from '../../../../src/control/kubelet/server/kubelet-routes.js';
import { KubeletServer } from '../../../../src/control/kubelet/server/kubelet-server.js';
import { makeCertificate } from '../../../../src/host/certificate-maker.js';
import { startTalking } from '../../../../src/host/child-process.js';
import { hostClock } from '../../../../src/host/clock.js';
import { hostLogFiles } from '../../../../src/host/log-files.js';

/** An answer, read whole. */
export interface RigAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A kubelet's API on a free port, over a node with one pod, `default/web`, whose containers `app` (running) and `late` (not yet) run commands of this machine. */
export interface KubeletRig {
  readonly port: number;
  readonly dir: string;
  readonly logPath: string;
  /** What authorization was asked. */
  readonly asked: (AccessAttributes & { readonly user: string })[];
  /** Sizes of terminals, as `80x24`, in order. */
  readonly sizes: string[];
  /** Ports that were connected to. */
  readonly connected: number[];
  /** Sessions that are going on. */
  readonly sessions: Set<ProcessSession>;
  /** What is wrong with the node. */
  setProblem(problem: string | null): void;
  ask(method: string, path: string, options?: { readonly as?: Who }): Promise<RigAnswer>;
  /** A connection that has sent a request for an upgrade; resolves with the head of the answer. */
  upgrade(
    path: string,
    headers: Readonly<Record<string, string>>,
    method?: string,
  ): Promise<{ readonly socket: Duplex; readonly head: string; readonly rest: Buffer }>;
  readonly tls: https.RequestOptions;
}

/** Who asks: with the client certificate of an administrator, a token, a certificate of somebody else's authority, or nothing. */
export type Who = 'admin' | 'stranger' | 'nobody' | { readonly token: string };

const pod: Pod = {
  metadata: { name: 'web', namespace: 'default', uid: 'u1', labels: { app: 'web' } },
  spec: {
    containers: [
      { name: 'app', image: 'i' },
      { name: 'late', image: 'i' },
    ],
  },
  status: {
    startTime: '2026-01-02T03:04:05Z',
    containerStatuses: [
      { name: 'app', state: { running: {} } },
      { name: 'late', state: { waiting: { reason: 'ImagePullBackOff' } } },
    ] as never,
  },
};

export async function startKubeletRig(
  t: Test,
  options: { readonly hasDebugging?: boolean; readonly isAnonymousAllowed?: boolean } = {},
): Promise<KubeletRig> {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-kubelet-api-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const certificates = await makeCertificates();
  const logPath = join(dir, '0.log');
  const asked: KubeletRig['asked'] = [];
  const sizes: string[] = [];
  const connected: number[] = [];
  const sessions = new Set<ProcessSession>();
  let problem: string | null = null;
  const view = makeView({ logPath, sizes, connected, sessions, dir, problem: () => problem });
  const authenticator = new ClientCertificateAuthenticator(
    parseCertificatesPem(certificates.ca.cert),
    hostClock,
  );
  const server = await KubeletServer.listen({
    ...{ host: '127.0.0.1', port: 0, tls: certificates.serving },
    access: {
      certificates: {
        userOf: (peerCertificates) =>
          authenticator.authenticate({ peerCertificates, headers: new Map() }),
      },
      tokens: { userOf: async (token) => tokenUsers[token] ?? null },
      isAnonymousAllowed: options.isAnonymousAllowed ?? false,
      reviews: {
        async isAllowed(user, attributes) {
          asked.push({ ...attributes, user: user.name });
          if (user.name === 'broken') throw new Error('no answer');
          return user.groups.includes('system:masters') || mayReadMetrics(user, attributes);
        },
      },
      nodeName: 'n1',
      logger: silentLogger,
    },
    handler: kubeletRoutes({
      ...{ view, clock: hostClock, logger: silentLogger, logFiles: hostLogFiles },
      machine: { cpus: 2 },
      metrics: async () => ({ type: 'text/plain', text: 'own 1\n' }),
      streamIdleMs: 0,
      hasDebugging: options.hasDebugging ?? true,
    }),
    clock: hostClock,
    logger: silentLogger,
  });
  t.teardown(() => server.close());
  const { port } = server;
  const tlsOf = (who: Who): https.RequestOptions => ({
    ca: certificates.ca.cert,
    ...(who === 'admin' ? certificates.admin : who === 'stranger' ? certificates.stranger : {}),
  });
  return {
    ...{ port, dir, logPath, asked, sizes, connected, sessions },
    tls: tlsOf('admin'),
    setProblem: (now) => {
      problem = now;
    },
    ask: (method, path, { as = 'admin' } = {}) => ask({ port, method, path, as, tls: tlsOf(as) }),
    upgrade: (path, headers, method = 'GET') =>
      upgrade(t, { port, path, headers, method, tls: tlsOf('admin') }),
  };
}

const tokenUsers: Readonly<Record<string, RequestUser>> = {
  reader: { name: 'reader', uid: '', groups: [], extra: {} },
  broken: { name: 'broken', uid: '', groups: [], extra: {} },
};

function mayReadMetrics({ name }: RequestUser, attributes: AccessAttributes): boolean {
  const of = attributes.kind === 'resource' ? attributes.subresource : '';
  return name === 'reader' && attributes.verb === 'get' && (of === 'metrics' || of === 'pods');
}

async function makeCertificates() {
  const validity = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 };
  const ca = await makeCertificate({ commonName: 'ca', use: 'authority', ...validity });
  const other = await makeCertificate({ commonName: 'other', use: 'authority', ...validity });
  const serving = await makeCertificate(
    { commonName: 'n1', names: ['127.0.0.1'], use: 'server', ...validity },
    ca,
  );
  const subject = { commonName: 'admin', organizations: ['system:masters'], ...validity };
  const admin = await makeCertificate({ ...subject, use: 'client' }, ca);
  const stranger = await makeCertificate({ ...subject, use: 'client' }, other);
  return { ca, serving, admin, stranger };
}

function makeView(of: {
  readonly logPath: string;
  readonly dir: string;
  readonly sizes: string[];
  readonly connected: number[];
  readonly sessions: Set<ProcessSession>;
  readonly problem: () => string | null;
}): KubeletView {
  const { sizes, connected, sessions } = of;
  const state = {
    ...{ id: 'c1', sandboxId: 's1', name: 'app', attempt: 0, state: 'running', startedAtMs: 1000 },
    ...{ image: 'i', logPath: of.logPath },
    labels: {
      'io.kubernetes.pod.uid': 'u1',
      'io.kubernetes.pod.name': 'web',
      'io.kubernetes.pod.namespace': 'default',
      'io.kubernetes.container.name': 'app',
    },
  } as unknown as ContainerState;
  const talk = async (argv: readonly string[], request: AttachRequest): Promise<ProcessSession> => {
    if (argv[0] === 'absent') throw new RuntimeError('failed', 'no such command');
    const child = await startTalking(argv, {});
    if (!request.stdin) child.stdin.end();
    const session: ProcessSession = {
      stdin: request.stdin ? child.stdin : null,
      stdout: request.stdout ? child.stdout : null,
      stderr: request.stderr ? child.stderr : null,
      resize: (columns, rows) => void sizes.push(`${columns}x${rows}`),
      ended: child.ended,
      close: () => void child.kill('SIGKILL'),
    };
    if (!request.stdout) child.stdout.resume();
    if (!request.stderr) child.stderr.resume();
    sessions.add(session);
    void child.ended.then(() => sessions.delete(session));
    return session;
  };
  const runtime: Partial<ContainerRuntime> = {
    exec: (_id, request: ExecRequest) => talk(request.command, request),
    attach: (_id, request) => talk(['cat'], request),
    execSync: async (_id, command) => {
      const session = await talk(command, {
        stdin: false,
        stdout: true,
        stderr: false,
        tty: false,
      });
      const chunks: Buffer[] = [];
      session.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
      const exitCode = await session.ended;
      return { exitCode, stdout: Buffer.concat(chunks), stderr: Buffer.alloc(0) };
    },
    async portForward(_id, port) {
      connected.push(port);
      const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('error', (error) => reject(new RuntimeError('failed', error.message)));
      });
      return socket;
    },
    containerStatus: async () => state,
    listContainers: async () => [state],
    containerStats: async () => [
      {
        ...{ containerId: 'c1', timestampMs: 5000, cpuNanoseconds: 2_000_000_000 },
        ...{ memoryUsageBytes: 300, memoryWorkingSetBytes: 200, memoryRssBytes: 100 },
        ...{ rootfsUsedBytes: 50, rootfsUsedInodes: 5 },
      },
    ],
  };
  const space = {
    ...{ capacityBytes: 100, availableBytes: 60, usedBytes: 40, inodes: 10, inodesFree: 7 },
  };
  return {
    nodeName: 'n1',
    runtime: runtime as ContainerRuntime,
    logRoot: of.dir,
    pods: () => [pod],
    runningPods: async () => [pod],
    findPod: (namespace, name, uid) =>
      namespace === 'default' && name === 'web' && (uid ?? 'u1') === 'u1' ? pod : null,
    findContainer: async ({ container, uid }) =>
      container === 'app' && (uid ?? 'u1') === 'u1'
        ? {
            ...{ containerId: 'c1', sandboxId: 's1', logPath: of.logPath, state: 'running' },
            ...{ attempt: 0, tty: false, stdin: true, stdinOnce: false, previous: null },
          }
        : null,
    findSandbox: async () => 's1',
    nodeUsage: async () => ({
      ...{ timestampMs: 6000, startedAtMs: 1000, cpuNanoseconds: 9_000_000_000 },
      ...{ memoryTotalBytes: 1000, memoryAvailableBytes: 400, memoryWorkingSetBytes: 600 },
      ...{ memoryUsageBytes: 700, memoryRssBytes: 500, pageFaults: 3, majorPageFaults: 1 },
      ...{ fileSystem: space, imageFileSystem: space },
      interfaces: [
        { name: 'lo', receivedBytes: 9, receiveErrors: 0, sentBytes: 9, sendErrors: 0 },
        { name: 'eth0', receivedBytes: 5, receiveErrors: 1, sentBytes: 6, sendErrors: 2 },
      ],
      processes: { count: 20, max: 100 },
    }),
    volumeUsage: async () => [
      { ...space, name: 'scratch', claim: null },
      { ...space, name: 'data', claim: { namespace: 'default', name: 'disk' } },
    ],
    probeCounts: () => [
      {
        ...{ namespace: 'default', pod: 'web', podUid: 'u1', container: 'app' },
        ...{ kind: 'Liveness', result: 'successful', count: 4 },
      },
    ],
    configuration: () => ({ kind: 'KubeletConfiguration' }),
    health: of.problem,
  };
}

function ask(of: {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly as: Who;
  readonly tls: https.RequestOptions;
}): Promise<RigAnswer> {
  const { port, method, path, as } = of;
  const headers = typeof as === 'string' ? {} : { authorization: `Bearer ${as.token}` };
  return new Promise((resolve, reject) => {
    const request = https.request(
      { ...of.tls, host: '127.0.0.1', port, method, path, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(chunks).toString(),
            headers: response.headers,
          }),
        );
      },
    );
    request.on('error', reject);
    request.end();
  });
}

async function upgrade(
  t: Test,
  of: {
    readonly port: number;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly method: string;
    readonly tls: https.RequestOptions;
  },
) {
  const { ca, cert, key } = of.tls as Readonly<Record<'ca' | 'cert' | 'key', string>>;
  const socket = tls.connect({ host: '127.0.0.1', port: of.port, ca, cert, key });
  socket.on('error', () => {});
  t.teardown(() => socket.destroy());
  const lines = Object.entries(of.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(
    `${of.method} ${of.path} HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\n${lines.join('')}\r\n`,
  );
  let bytes = Buffer.alloc(0);
  for (;;) {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) {
      if (socket.readableEnded) throw new Error(`the answer was ${bytes}`);
      await new Promise((resolve) => {
        socket.once('readable', resolve);
        socket.once('end', resolve);
      });
      continue;
    }
    bytes = Buffer.concat([bytes, chunk]);
    const end = bytes.indexOf('\r\n\r\n');
    if (end >= 0) {
      return { socket, head: bytes.toString('latin1', 0, end), rest: bytes.subarray(end + 4) };
    }
  }
}
