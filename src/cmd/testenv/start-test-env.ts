import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Logger, silentLogger } from '../../base/logger.js';
import { type ControlClient, connectRest, readKubeconfig } from '../../control/client/index.js';
import { runControllers } from '../../control/controllers/runtime/run-controllers.js';
import { standardDefinitions } from '../../control/controllers/standard-controllers.js';
import { hostClock } from '../../host/clock.js';
import { entropyPrng } from '../../host/entropy.js';
import { ListenError } from '../../host/listen-error.js';
import { listenStreams } from '../../host/net.js';
import { parseApiserverFlags } from '../apiserver/parse.js';
import { type RunningApiServer, startApiServer } from '../apiserver/run.js';
import { adminKubeconfig } from '../credentials/admin-kubeconfig.js';
import { writePrivate } from '../credentials/write-private.js';
import { parseStoreFlags } from '../store/parse.js';
import { type RunningStore, startStore } from '../store/run.js';
import { toSettings } from '../store/settings.js';
import { AdminToken } from './admin-token.js';

/** What a test environment is to be like. */
export interface TestEnvOptions {
  /** Where its data and the kubeconfig go; what is there is gone on with. Default: a new folder, removed at the end. */
  readonly dir?: string;
  /** Of the API server. Default: a free one. */
  readonly port?: number;
  /** Content of namespaces goes when they are deleted, and then they. Default: true. */
  readonly namespaceDeletion?: boolean;
  /** Objects go when their owners are gone. Default: true. */
  readonly garbageCollection?: boolean;
  /** More flags of `flotilla apiserver`, as `--authorization-mode=RBAC`. */
  readonly apiServerFlags?: readonly string[];
  /** Default: nothing is logged. */
  readonly logger?: Logger;
  /** Is told of a failure that the environment cannot go on after. Default: it is thrown where nobody catches it. */
  readonly onFatal?: (error: unknown) => void;
}

/** A store, an API server and the controllers that pods and deletions need, in this process. No node: nothing runs pods. */
export interface TestEnv {
  readonly dir: string;
  /** As `https://127.0.0.1:41235`. */
  readonly url: string;
  /** Of the store, as `http://127.0.0.1:41236`: for programs that are elected by it. */
  readonly storeUrl: string;
  /** The file that makes kubectl and other clients the administrator. */
  readonly kubeconfig: string;
  /** A client as administrator; closed with the environment. */
  readonly client: ControlClient;
  /** Stops everything; a folder that was made for it is removed. */
  close(): Promise<void>;
}

const kubeconfigName = 'admin.kubeconfig';

/** Starts a test environment; resolves once it serves. Rejects when it cannot; nothing keeps running then. */
export async function startTestEnv(options: TestEnvOptions = {}): Promise<TestEnv> {
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const step of closers.splice(0).reverse()) await step();
  };
  try {
    const { dir = await temporaryDir(closers), logger = silentLogger } = options;
    const path = resolve(dir);
    await mkdir(path, { recursive: true });
    const onFatal = options.onFatal ?? throwLater;
    const store = await openStore(path, logger, onFatal);
    closers.push(() => store.close());
    const token = randomBytes(24).toString('base64url');
    const server = await openServer(store.url, token, path, { ...options, logger });
    closers.push(() => server.close());
    const kubeconfig = join(path, kubeconfigName);
    await server.ready;
    await writePrivate(kubeconfig, adminKubeconfig({ ...server, token }));
    const client = connectRest(await readKubeconfig(kubeconfig), {
      clock: hostClock,
      userAgent: 'flotilla-testenv',
    });
    closers.push(() => client.close());
    const env = { dir: path, url: server.url, storeUrl: store.url, kubeconfig, client, close };
    closers.push(startControllers(env, server.certificate, { ...options, logger, onFatal }));
    return env;
  } catch (error) {
    await close();
    throw error;
  }
}

async function temporaryDir(closers: (() => Promise<void>)[]): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-testenv-'));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

interface OpenStore {
  readonly url: string;
  close(): Promise<void>;
}

const portTriesMax = 5;

/** Starts the store on other ports when somebody has taken those that were free a moment ago. */
async function openStore(
  dir: string,
  logger: Logger,
  onFatal: (error: unknown) => void,
): Promise<OpenStore> {
  for (let tries = 1; ; tries++) {
    try {
      return await openStoreOn([await freePort(), await freePort()], dir, logger, onFatal);
    } catch (error) {
      const isTaken = error instanceof ListenError && error.code === 'address-in-use';
      if (!isTaken || tries === portTriesMax) throw error;
    }
  }
}

async function openStoreOn(
  [clientPort, peerPort]: readonly [number, number],
  dir: string,
  logger: Logger,
  onFatal: (error: unknown) => void,
): Promise<OpenStore> {
  const clientUrl = `http://127.0.0.1:${clientPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const flags = [
    '--name=testenv',
    `--data-dir=${join(dir, 'store')}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    // Nobody else could become leader: there is nothing to wait for.
    '--heartbeat-interval=5',
    '--election-timeout=50',
    // Its identity in the cluster of one is made of this, and is the same with any port.
    '--initial-advertise-peer-urls=http://127.0.0.1:2380',
    '--initial-cluster=testenv=http://127.0.0.1:2380',
  ];
  const store: RunningStore = await startStore(toSettings(parseStoreFlags(flags, {})), {
    logger: logger.child({ part: 'store' }),
    onFatal,
    onRemoved: () => onFatal(new Error('the only member of the store was removed from it')),
  });
  await store.ready;
  return { url: clientUrl, close: () => store.close() };
}

async function openServer(
  storeUrl: string,
  token: string,
  dir: string,
  options: TestEnvOptions & { readonly logger: Logger },
): Promise<RunningApiServer> {
  const flags = parseApiserverFlags([
    `--etcd-servers=${storeUrl}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${options.port ?? 0}`,
    `--cert-dir=${join(dir, 'certificates')}`,
    '--authorization-mode=RBAC',
    // Who ends an environment does not wait for balancers.
    '--shutdown-delay-duration=0s',
    ...(options.apiServerFlags ?? []),
  ]);
  return startApiServer(flags, {
    logger: options.logger.child({ part: 'apiserver' }),
    extraTokens: new AdminToken(token),
  });
}

/** Returns how to stop them. */
function startControllers(
  { client }: TestEnv,
  rootCa: string,
  options: TestEnvOptions & {
    readonly logger: Logger;
    readonly onFatal: (error: unknown) => void;
  },
): () => Promise<void> {
  const { namespaceDeletion = true, garbageCollection = true, logger, onFatal } = options;
  const stop = new AbortController();
  const running = runControllers(
    {
      definitions: standardDefinitions({ namespaceDeletion, garbageCollection }),
      flags: new Map([['root-ca-file', rootCa]]),
      ...{ client, clock: hostClock, prng: entropyPrng() },
      logger: logger.child({ part: 'controllers' }),
    },
    stop.signal,
  ).catch(onFatal);
  return async () => {
    stop.abort();
    await running;
  };
}

async function freePort(): Promise<number> {
  const listener = await listenStreams({ host: '127.0.0.1', port: 0 }, null, (stream) => {
    stream.destroy();
    return { onData: () => {}, onClose: () => {} };
  });
  const { port } = listener;
  await listener.close();
  return port;
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
