import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Prng } from '../../../src/base/prng.js';
import { Cluster, type TestScope } from '../cluster.js';
import { leaderIndex } from '../kill-rounds.js';
import { freePorts } from '../ports.js';
import { Replica } from './replica.js';

/** What a control plane without a single point of failure is started with. */
export interface ReplicatedPlaneOptions {
  readonly nodes: number;
  /** That a node takes. */
  readonly podsPerNode: number;
  /** How long a leader that died is waited for; one that gets no processor for two thirds of it loses its lead without being killed. */
  readonly leaseSeconds: number;
}

/** Whom a kill may be meant for: the leader of its kind, or one of the API servers. */
export const killTargets = ['store', 'scheduler', 'controller-manager', 'apiserver'] as const;
export type KillTarget = (typeof killTargets)[number];

const token = 'admin-token';

/**
 * Three members of the store, two API servers, two schedulers, two controller managers (one of each beside each API server) and a
 * process of simulated nodes; everything that dies is started again.
 */
export class ReplicatedPlane {
  readonly store: Cluster;
  readonly kubeconfigs: readonly string[];
  readonly #dir: string;
  readonly #apiServers: readonly Replica[];
  readonly #programs = new Map<KillTarget, readonly Replica[]>();
  readonly #kubelet: Replica;
  /** How often each was killed. */
  readonly kills = new Map<KillTarget, number>(killTargets.map((target) => [target, 0]));

  private constructor(parts: {
    readonly store: Cluster;
    readonly dir: string;
    readonly kubeconfigs: readonly string[];
    readonly apiServers: readonly Replica[];
    readonly nodes: ReplicatedPlaneOptions;
  }) {
    const { store, dir, kubeconfigs, apiServers, nodes } = parts;
    this.store = store;
    this.#dir = dir;
    this.kubeconfigs = kubeconfigs;
    this.#apiServers = apiServers;
    this.#programs.set('apiserver', apiServers);
    for (const program of ['scheduler', 'controller-manager'] as const) {
      const replicas = kubeconfigs.map(
        (kubeconfig, at) =>
          new Replica(`${program} ${at}`, program, [
            `--kubeconfig=${kubeconfig}`,
            storeFlag(store),
            '--secure-port=0',
            ...leaderFlags(nodes),
          ]),
      );
      this.#programs.set(program, replicas);
    }
    this.#kubelet = new Replica('kubelet', 'kubelet', [
      `--kubeconfig=${kubeconfigs[0]}`,
      '--runtime=simulated',
      `--count=${nodes.nodes}`,
      '--hostname-override=node-%d',
      `--simulated-pods=${nodes.podsPerNode}`,
      '--simulated-start-ms=100',
      '--no-simulated-events',
    ]);
  }

  /** Starts everything, with the test's end as its own. Resolves when both API servers serve. */
  static async forTest(t: TestScope, nodes: ReplicatedPlaneOptions): Promise<ReplicatedPlane> {
    const dir = await mkdtemp(join(tmpdir(), 'flotilla-leaders-'));
    t.teardown(() => rm(dir, { recursive: true, force: true }));
    const store = await Cluster.forTest(t, { kind: 'flotilla', dir: join(dir, 'store') });
    await writeFile(join(dir, 'tokens.csv'), `${token},admin,1,system:masters\n`);
    await writeFile(join(dir, 'policy.yaml'), auditPolicy);
    const kubeconfigs: string[] = [];
    const apiServers: Replica[] = [];
    for (const [at, port] of (await freePorts(2)).entries()) {
      const kubeconfig = join(dir, `admin-${at}.kubeconfig`);
      await writeFile(kubeconfig, kubeconfigText(`https://127.0.0.1:${port}`));
      kubeconfigs.push(kubeconfig);
      const flags = apiServerFlags({ store, dir, at, port });
      apiServers.push(new Replica(`apiserver ${at}`, 'apiserver', flags));
    }
    const stopServers = () => Promise.all(apiServers.map((each) => each.stop()));
    let plane: ReplicatedPlane | undefined;
    t.teardown(async () => {
      if (plane !== undefined && !t.passing()) t.comment(plane.report());
      await plane?.stop();
      await stopServers();
    });
    await Promise.all(apiServers.map((each) => each.untilSaid('ready to serve API requests')));
    plane = new ReplicatedPlane({ store, dir, kubeconfigs, apiServers, nodes });
    return plane;
  }

  /** Kills the leader of a kind, or one of the API servers, with no warning. False: nobody leads now. */
  async kill(target: KillTarget, prng: Prng): Promise<boolean> {
    if (target === 'store') {
      const member = this.store.member(await leaderIndex(this.store));
      await member.kill();
      member.start();
    } else {
      const replicas = this.#programs.get(target) ?? [];
      const victim =
        target === 'apiserver'
          ? prng.pick(this.#apiServers)
          : replicas.find(({ isLeading }) => isLeading);
      if (victim === undefined) return false;
      await victim.kill();
    }
    this.kills.set(target, (this.kills.get(target) ?? 0) + 1);
    return true;
  }

  /** The audit lines of both API servers that survived their kills. */
  async auditLines(): Promise<readonly string[]> {
    const files = this.#apiServers.map((_, at) => readFile(join(this.#dir, `audit-${at}.log`)));
    return (await Promise.all(files)).flatMap((bytes) => bytes.toString().split('\n'));
  }

  /** What all of them said last. */
  report(): string {
    const replicas = [...this.#programs.values()].flat();
    return [...replicas, this.#kubelet].map((each) => each.report()).join('\n');
  }

  async stop(): Promise<void> {
    const replicas = [...this.#programs.values()].flat();
    await Promise.all([...replicas, this.#kubelet].map((each) => each.stop()));
  }
}

function leaderFlags({ leaseSeconds }: ReplicatedPlaneOptions): readonly string[] {
  return [
    `--leader-elect-lease-duration=${leaseSeconds}s`,
    `--leader-elect-renew-deadline=${(leaseSeconds * 2) / 3}s`,
    '--leader-elect-retry-period=500ms',
  ];
}

/** Every binding, and nothing else. */
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - { level: Metadata, verbs: [create], resources: [{ group: '', resources: [pods/binding] }] }
  - { level: None }
`;

function apiServerFlags(parts: {
  readonly store: Cluster;
  readonly dir: string;
  readonly at: number;
  readonly port: number;
}): readonly string[] {
  const { store, dir, at, port } = parts;
  return [
    storeFlag(store),
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${join(dir, `certs-${at}`)}`,
    `--token-auth-file=${join(dir, 'tokens.csv')}`,
    '--authorization-mode=RBAC',
    `--audit-policy-file=${join(dir, 'policy.yaml')}`,
    `--audit-log-path=${join(dir, `audit-${at}.log`)}`,
  ];
}

function storeFlag(store: Cluster): string {
  return `--etcd-servers=${store.endpoints.map((each) => `http://${each}`).join(',')}`;
}

function kubeconfigText(url: string): string {
  return `${JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  })}\n`;
}
