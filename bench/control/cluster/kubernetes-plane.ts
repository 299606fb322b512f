import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../../test/client/until.js';
import { Cluster } from '../../../test/e2e/cluster.js';
import { adminToken, kubeconfigText } from '../../../test/e2e/kubectl/control-plane.js';
import { freePorts } from '../../../test/e2e/ports.js';
import type { BenchPlane } from './bench-plane.js';
import { BenchProcess } from './bench-process.js';

/** Kubernetes' own programs, built by others: a folder with `kube-apiserver`, `kube-scheduler` and `kube-controller-manager`, and an etcd. */
export interface KubernetesPrograms {
  readonly dir: string;
  readonly etcd: string;
}

const startMsMax = 120_000;
const keyBits = 2048;
const keyFileName = 'service-accounts.key';

/** One etcd and a kube-apiserver, each a process with its own defaults, on loopback. Pods are taken without service accounts, as ours takes them. */
export class KubernetesPlane implements BenchPlane {
  readonly store: Cluster;
  readonly url: string;
  readonly kubeconfig: string;
  /** Private key of service accounts' tokens, PEM. */
  readonly keyFile: string;
  readonly #dir: string;
  readonly #server: BenchProcess;

  private constructor(parts: { store: Cluster; dir: string; url: string; server: BenchProcess }) {
    this.store = parts.store;
    this.url = parts.url;
    this.#dir = parts.dir;
    this.#server = parts.server;
    this.kubeconfig = join(parts.dir, 'admin.kubeconfig');
    this.keyFile = join(parts.dir, keyFileName);
  }

  /** Starts both and waits until the API server is ready. */
  static async start(programs: KubernetesPrograms): Promise<KubernetesPlane> {
    const dir = await mkdtemp(join(tmpdir(), 'kubernetes-control-'));
    const [port = 0] = await freePorts(1);
    const store = await Cluster.start({
      kind: 'etcd',
      size: 1,
      dir: join(dir, 'store'),
      program: programs.etcd,
    });
    const url = `https://127.0.0.1:${port}`;
    const keyFile = join(dir, keyFileName);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: keyBits });
    await writeFile(keyFile, privateKey.export({ type: 'pkcs1', format: 'pem' }));
    await writeFile(join(dir, 'tokens.csv'), `${adminToken},admin,1,system:masters\n`);
    await writeFile(join(dir, 'admin.kubeconfig'), kubeconfigText(url));
    const server = new BenchProcess('apiserver', {
      command: join(programs.dir, 'kube-apiserver'),
      args: [
        `--etcd-servers=${store.endpoints.map((each) => `http://${each}`).join(',')}`,
        '--bind-address=127.0.0.1',
        '--advertise-address=127.0.0.1',
        `--secure-port=${port}`,
        `--cert-dir=${join(dir, 'certs')}`,
        `--token-auth-file=${join(dir, 'tokens.csv')}`,
        '--authorization-mode=RBAC,AlwaysAllow',
        '--disable-admission-plugins=ServiceAccount',
        '--service-account-issuer=https://kubernetes.default.svc',
        `--service-account-key-file=${keyFile}`,
        `--service-account-signing-key-file=${keyFile}`,
        '--service-cluster-ip-range=10.0.0.0/16',
      ],
    });
    const plane = new KubernetesPlane({ store, dir, url, server });
    try {
      await until('kube-apiserver is ready', () => isReady(plane), startMsMax);
    } catch (error) {
      const report = plane.report();
      await plane.stop();
      throw new Error(`Kubernetes did not start\n${report}`, { cause: error });
    }
    return plane;
  }

  get pid(): number {
    return this.#server.pid;
  }

  report(): string {
    return [this.#server.report(), this.store.report()].join('\n');
  }

  async stop(): Promise<void> {
    await this.#server.stop();
    await this.store.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }
}

/** Its other programs, by the names of ours, without client-side rate limits, which would hold the scheduler at 50 pods a second. */
export function startKubernetesProgram(
  name: 'scheduler' | 'controller-manager',
  { programs, plane }: { programs: KubernetesPrograms; plane: KubernetesPlane },
): BenchProcess {
  return new BenchProcess(name, {
    command: join(programs.dir, `kube-${name}`),
    args: [
      `--kubeconfig=${plane.kubeconfig}`,
      '--kube-api-qps=100000',
      '--kube-api-burst=100000',
      '--bind-address=127.0.0.1',
      '--port=0',
      '--secure-port=0',
      ...(name === 'scheduler' ? [] : [`--service-account-private-key-file=${plane.keyFile}`]),
    ],
  });
}

function isReady({ url, pid }: KubernetesPlane): Promise<boolean> {
  if (pid === 0) return Promise.resolve(false);
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${adminToken}` };
    const asked = request(`${url}/readyz`, { headers, rejectUnauthorized: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.once('error', () => resolve(false));
    asked.end();
  });
}
