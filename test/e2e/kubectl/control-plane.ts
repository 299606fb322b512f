import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from '../../client/until.js';
import { Cluster, type TestScope } from '../cluster.js';
import { freePorts } from '../ports.js';
import { flotillaBin } from '../project.js';

/** What a control plane is started with. */
export interface ControlPlaneOptions {
  /** Store members; default 1. */
  readonly storeSize?: number;
  /** Further flags of the API server. */
  readonly flags?: readonly string[];
  /** Whether a controller manager makes the accounts of namespaces, and requests are authorized as in a cluster. Default: neither. */
  readonly isCluster?: boolean;
  /** The executable of store and API server, when it is not this project's. */
  readonly program?: string;
}

/** The token of a member of system:masters; what Kubernetes' own command-line tests use. */
export const adminToken = 'admin-token';

const clusterFlags = ['--authorization-mode=Node,RBAC'];
/** Of an API server alone: nobody makes the account `default` of each namespace. */
const serverFlags = [
  '--authorization-mode=RBAC,AlwaysAllow',
  '--disable-admission-plugins=ServiceAccount',
];
const linesKept = 2000;
/** On a machine that is busy. */
const startMsMax = 120_000;
const readyLine = 'ready to serve API requests';

/** A store and an API server, each in its own process, on loopback; an admin's kubeconfig in {@link kubeconfig}. */
export class ControlPlane {
  readonly store: Cluster;
  readonly dir: string;
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
  /** The last lines that the API server printed. */
  readonly log: string[] = [];
  readonly #options: ControlPlaneOptions;
  #server: ChildProcess | null = null;
  #exit: Promise<void> = Promise.resolve();
  #isReady = false;

  private constructor(parts: {
    store: Cluster;
    dir: string;
    url: string;
    options: ControlPlaneOptions;
  }) {
    this.store = parts.store;
    this.dir = parts.dir;
    this.url = parts.url;
    this.#options = parts.options;
  }

  /** Starts both and waits until the API server serves. */
  static async start(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
    const dir = await mkdtemp(join(tmpdir(), 'flotilla-control-'));
    const [port] = await freePorts(1);
    const store = await Cluster.start({
      kind: 'flotilla',
      size: options.storeSize ?? 1,
      dir: join(dir, 'store'),
      ...(options.program !== undefined && { program: options.program }),
    });
    const url = `https://127.0.0.1:${port}`;
    const plane = new ControlPlane({ store, dir, url, options });
    await writeFile(join(dir, 'tokens.csv'), `${adminToken},admin,1,system:masters\n`);
    await writeFile(plane.kubeconfig, kubeconfigText(url));
    try {
      await plane.startServer();
    } catch (error) {
      await plane.stop();
      throw error;
    }
    return plane;
  }

  /** Starts a control plane that is stopped with the test, showing the logs if the test failed. */
  static async forTest(t: TestScope, options: ControlPlaneOptions = {}): Promise<ControlPlane> {
    const plane = await ControlPlane.start(options);
    t.teardown(async () => {
      if (!t.passing()) t.comment(plane.report());
      await plane.stop();
    });
    return plane;
  }

  get kubeconfig(): string {
    return join(this.dir, 'admin.kubeconfig');
  }

  /** Process id of the running API server. */
  get pid(): number | undefined {
    return this.#server?.pid;
  }

  /** Starts the API server, on the port it had before, and waits until it serves. */
  async startServer(): Promise<void> {
    if (this.#server !== null) throw new Error('the API server is running');
    this.#isReady = false;
    const program = this.#options.program ?? flotillaBin;
    const args = ['apiserver', ...this.#flags()];
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#server = child;
    const endWithUs = () => child.kill('SIGKILL');
    process.once('exit', endWithUs);
    createInterface({ input: child.stderr }).on('line', (line) => this.#onLine(line));
    this.#exit = new Promise((resolve) => {
      child.once('close', () => {
        process.removeListener('exit', endWithUs);
        this.#server = null;
        resolve();
      });
    });
    await until(
      'the API server serves',
      () => {
        if (this.#server === null) throw new Error(`the API server ended\n${this.report()}`);
        return this.#isReady;
      },
      startMsMax,
    );
  }

  /** Ends the API server (kill -9 unless told) and waits until it is gone. */
  async killServer(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#server?.kill(signal);
    await this.#exit;
  }

  /** Ends both and removes their data. */
  async stop(): Promise<void> {
    await this.killServer();
    await this.store.stop();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** The last lines of the API server's and the store's logs. */
  report(): string {
    return ['--- apiserver', ...this.log.slice(-40), this.store.report()].join('\n');
  }

  #flags(): string[] {
    return [
      `--etcd-servers=${this.store.endpoints.map((each) => `http://${each}`).join(',')}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${new URL(this.url).port}`,
      `--cert-dir=${join(this.dir, 'certs')}`,
      `--token-auth-file=${join(this.dir, 'tokens.csv')}`,
      ...(this.#options.isCluster === true ? clusterFlags : serverFlags),
      ...(this.#options.flags ?? []),
    ];
  }

  #onLine(line: string): void {
    if (line.includes(readyLine)) this.#isReady = true;
    this.log.push(line);
    if (this.log.length > linesKept) this.log.shift();
  }
}

/** A kubeconfig of the administrator with {@link adminToken}, who does not check the server's certificate. */
export function kubeconfigText(url: string): string {
  return `${JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'admin', user: { token: adminToken } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  })}\n`;
}
