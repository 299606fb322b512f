import { ControlPlane } from '../../../test/e2e/kubectl/control-plane.js';
import { processCpuUs, processMemory } from '../server-client.js';
import type { BenchPlane } from './bench-plane.js';
import { BenchProcess, flotillaCommand } from './bench-process.js';
import {
  KubernetesPlane,
  type KubernetesPrograms,
  startKubernetesProgram,
} from './kubernetes-plane.js';
import type { ClusterBenchOptions, ClusterParts } from './options.js';

/** What a process has used. */
export interface ProcessUse {
  readonly name: string;
  readonly cpuSeconds: number;
  readonly memoryMiB: number;
  readonly memoryMiBMost: number;
}

/** Three members of the store, an API server and a scheduler; where all runs, a controller manager and simulated nodes: a process each. */
export class WholeCluster {
  readonly plane: BenchPlane;
  readonly #processes: readonly BenchProcess[];

  private constructor(plane: BenchPlane, processes: readonly BenchProcess[]) {
    this.plane = plane;
    this.#processes = processes;
  }

  /** Starts the control plane; nodes come with {@link startNodes}. */
  static async start({
    profileDir,
    parts,
  }: Pick<ClusterBenchOptions, 'profileDir' | 'parts'>): Promise<WholeCluster> {
    const plane = await ControlPlane.start({
      storeSize: 3,
      flags: profileDir === null ? [] : ['--profiling=true'],
    });
    const store = plane.store.endpoints.map((each) => `http://${each}`).join(',');
    const flags = [
      `--kubeconfig=${plane.kubeconfig}`,
      `--etcd-servers=${store}`,
      '--secure-port=0',
    ];
    const processes = programsOf(parts).map(
      (name) => new BenchProcess(name, flotillaCommand(name, flags, profileDir)),
    );
    return new WholeCluster(plane, processes);
  }

  /** The same of Kubernetes' programs, on one etcd. Nodes are simulated by ours. */
  static async startKubernetes(
    programs: KubernetesPrograms,
    { parts }: Pick<ClusterBenchOptions, 'parts'>,
  ): Promise<WholeCluster> {
    const plane = await KubernetesPlane.start(programs);
    const processes = programsOf(parts).map((name) =>
      startKubernetesProgram(name, { programs, plane }),
    );
    return new WholeCluster(plane, processes);
  }

  /** Starts the simulated nodes. Resolves at once: they register by and by. */
  startNodes({
    nodes,
    leaseSeconds,
    startMs,
    profileDir,
  }: Pick<ClusterBenchOptions, 'nodes' | 'leaseSeconds' | 'startMs' | 'profileDir'>): WholeCluster {
    const flags = [
      `--kubeconfig=${this.plane.kubeconfig}`,
      '--runtime=simulated',
      `--count=${nodes}`,
      '--hostname-override=node',
      '--simulated-zones=a,b,c',
      '--no-simulated-events',
      `--simulated-start-ms=${startMs}`,
      `--simulated-lease-seconds=${leaseSeconds}`,
    ];
    const kubelet = new BenchProcess('kubelet', flotillaCommand('kubelet', flags, profileDir));
    return new WholeCluster(this.plane, [...this.#processes, kubelet]);
  }

  /** What all of them have used so far. Throws when one has ended. */
  use(): ProcessUse[] {
    const pids: [string, number | undefined][] = [
      ...this.plane.store.members.map(({ pid }, at): [string, number | undefined] => [
        `store ${at + 1}`,
        pid,
      ]),
      ['apiserver', this.plane.pid],
      ...this.#processes.map(({ name, pid }): [string, number] => [name, pid]),
      ['this program', process.pid],
    ];
    return pids.map(([name, pid]) => {
      if (pid === undefined) throw new Error(`${name} has ended\n${this.plane.report()}`);
      const { nowMiB, mostMiB } = processMemory(pid);
      const cpuSeconds = processCpuUs(pid) / 1e6;
      return { name, cpuSeconds, memoryMiB: nowMiB, memoryMiBMost: mostMiB };
    });
  }

  /** What they said last. */
  report(): string {
    return [this.plane.report(), ...this.#processes.map((each) => each.report())].join('\n');
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((each) => each.stop()));
    await this.plane.stop();
  }
}

function programsOf(parts: ClusterParts): readonly ('controller-manager' | 'scheduler')[] {
  return parts === 'scheduling' ? ['scheduler'] : ['controller-manager', 'scheduler'];
}
