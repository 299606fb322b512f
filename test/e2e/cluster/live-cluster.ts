import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ControlClient,
  connectRest,
  readKubeconfig,
  resources,
} from '../../../src/control/client/index.js';
import { hostClock } from '../../../src/host/clock.js';
import { until } from '../../client/until.js';
import type { TestScope } from '../cluster.js';
import { ControlPlane } from '../kubectl/control-plane.js';
import type { Kubectl } from '../kubectl/kubectls.js';
import { ManagerProcess } from '../manager-process.js';
import { freePorts } from '../ports.js';
import { type Credentials, makeCredentials } from './credentials.js';
import { Place } from './place.js';

/** What a cluster is started with. */
export interface LiveClusterOptions {
  readonly kubectl: Kubectl;
  /** Store members; default 1. */
  readonly storeSize?: number;
  /** Simulated nodes, `node-0` and so on. */
  readonly nodes: number;
}

/** The settings of controllers that make them act within seconds. */
const managerFlags = [
  '--node-monitor-period=1s',
  '--node-monitor-grace-period=20s',
  '--horizontal-pod-autoscaler-sync-period=1s',
  '--horizontal-pod-autoscaler-downscale-stabilization=2s',
  '--enable-hostpath-provisioner=true',
  '--load-balancer-pool=192.0.2.0/28',
];
const nodeFlags = [
  '--simulated-lease-seconds=8',
  '--simulated-start-ms=100',
  '--simulated-run-seconds=1',
  '--simulated-zones=a,b,c',
  '--simulated-cpu=8',
  '--simulated-memory=16Gi',
];
/** Nobody stands by: a leader that gets no processor for a while shall keep its lead. */
const longLease = ['--leader-elect-lease-duration=120s', '--leader-elect-renew-deadline=90s'];
const logLinesShown = 60;

/** A whole cluster of separate processes on loopback: store, API server, scheduler, controller manager and simulated nodes. */
export class LiveCluster {
  readonly plane: ControlPlane;
  readonly client: ControlClient;
  readonly kubectl: Kubectl;
  /** By name, such as `controller-manager`. */
  readonly programs = new Map<string, ManagerProcess>();
  readonly #credentials: Credentials;
  readonly #controlUrl: string;

  private constructor(parts: {
    plane: ControlPlane;
    client: ControlClient;
    kubectl: Kubectl;
    credentials: Credentials;
    controlUrl: string;
  }) {
    this.plane = parts.plane;
    this.client = parts.client;
    this.kubectl = parts.kubectl;
    this.#credentials = parts.credentials;
    this.#controlUrl = parts.controlUrl;
  }

  /** Starts a cluster that is stopped with the test, showing the logs if the test failed. Its nodes are ready. */
  static async forTest(t: TestScope, options: LiveClusterOptions): Promise<LiveCluster> {
    const credentials = await makeCredentials();
    t.teardown(() => credentials.remove());
    const plane = await ControlPlane.forTest(t, {
      isCluster: true,
      storeSize: options.storeSize ?? 1,
      flags: [
        `--service-account-signing-key-file=${credentials.accountKey}`,
        `--service-account-key-file=${credentials.accountKey}`,
        `--client-ca-file=${credentials.authorityCertificate}`,
      ],
    });
    const access = await readKubeconfig(plane.kubeconfig);
    const client = connectRest(access, { clock: hostClock, userAgent: 'cluster-test' });
    const [port] = await freePorts(1);
    const controlUrl = `http://127.0.0.1:${port}`;
    const { kubectl } = options;
    const cluster = new LiveCluster({ plane, client, kubectl, credentials, controlUrl });
    t.teardown(async () => {
      if (!t.passing()) t.comment(cluster.report());
      await cluster.#stop();
    });
    await cluster.#startPrograms(options);
    return cluster;
  }

  /** A new namespace for a scenario, where pods can be made. */
  async place(name: string): Promise<Place> {
    const dir = join(this.plane.dir, name);
    await mkdir(dir);
    await this.client.objects(resources.namespaces).create({ metadata: { name } });
    const accounts = this.client.objects(resources.serviceAccounts);
    await until(
      `the account of ${name}`,
      async () => {
        const { items } = await accounts.list({ namespace: name });
        return items.length > 0;
      },
      60_000,
    );
    return new Place(this, { namespace: name, dir });
  }

  /** Takes a node's power away, or gives it back. */
  async orderNode(name: string, order: 'start' | 'stop'): Promise<void> {
    const answer = await fetch(`${this.#controlUrl}/nodes/${name}/${order}`, { method: 'POST' });
    if (!answer.ok) throw new Error(`${order} of ${name}: ${await answer.text()}`);
  }

  /** The last lines of the programs' logs. */
  report(): string {
    return [...this.programs.values()]
      .flatMap(({ name, log }) => [`--- ${name}`, ...log.slice(-logLinesShown)])
      .join('\n');
  }

  async #startPrograms({ nodes }: LiveClusterOptions): Promise<void> {
    this.#startElected('controller-manager');
    this.#startElected('scheduler');
    this.#start('kubelet', 'kubelet', [
      '--runtime=simulated',
      `--count=${nodes}`,
      '--hostname-override=node-%d',
      `--simulated-control-port=${new URL(this.#controlUrl).port}`,
      ...nodeFlags,
    ]);
    await until('all nodes are ready', () => this.#haveReadyNodes(nodes), 120_000);
  }

  #startElected(program: 'controller-manager' | 'scheduler'): ManagerProcess {
    const own = program === 'scheduler' ? [] : [...managerFlags, ...this.#signingFlags()];
    return this.#start(program, program, [
      ...['--secure-port=0', ...longLease, ...own],
      `--etcd-servers=${this.plane.store.endpoints.map((each) => `http://${each}`).join(',')}`,
    ]);
  }

  #signingFlags(): readonly string[] {
    return [
      `--service-account-private-key-file=${this.#credentials.accountKey}`,
      `--cluster-signing-cert-file=${this.#credentials.authorityCertificate}`,
      `--cluster-signing-key-file=${this.#credentials.authorityKey}`,
      `--root-ca-file=${join(this.plane.dir, 'certs', 'apiserver.crt')}`,
    ];
  }

  #start(name: string, program: string, flags: readonly string[]): ManagerProcess {
    const started = new ManagerProcess(name, program, [
      `--kubeconfig=${this.plane.kubeconfig}`,
      ...flags,
    ]);
    this.programs.set(name, started);
    return started;
  }

  async #haveReadyNodes(count: number): Promise<boolean> {
    for (const { name, hasEnded, log } of this.programs.values()) {
      if (hasEnded) throw new Error(`${name} has ended:\n${log.join('\n')}`);
    }
    const { items } = await this.client.objects(resources.nodes).list();
    return items.length === count && items.every(({ spec }) => (spec?.taints ?? []).length === 0);
  }

  async #stop(): Promise<void> {
    await Promise.all([...this.programs.values()].map((program) => program.end()));
    await this.client.close();
  }
}
