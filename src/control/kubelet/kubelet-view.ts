import type { Pod } from '../api/gen/core-v1.js';
import type { JsonObject } from '../machinery/json.js';
import type { ContainerRuntime } from './runtime/container-runtime.js';

/** What the kubelet's HTTP API asks of the kubelet. Everything is read; nothing here changes a pod. */
export interface KubeletView {
  readonly nodeName: string;
  readonly runtime: ContainerRuntime;
  /** What `/logs/` serves: `/var/log` as a rule. */
  readonly logRoot: string;

  /** The pods of this node, static ones too, with their status as the kubelet sees it now. */
  pods(): readonly Pod[];
  /** The pods that have running containers, as far as the runtime tells: with names, namespaces, uids and containers, and no more. */
  runningPods(): Promise<readonly Pod[]>;
  /** A pod of this node by name, or null; with a uid, that one alone. */
  findPod(namespace: string, name: string, uid?: string): Pod | null;
  /** The newest container of a name of a pod. Null: no such pod, or none of that name was ever made. */
  findContainer(place: ContainerPlace): Promise<FoundContainer | null>;
  /** The sandbox that the containers of a pod are in now, or null. */
  findSandbox(namespace: string, pod: string, uid?: string): Promise<string | null>;

  /** What the node as a whole uses. */
  nodeUsage(): Promise<NodeUsage>;
  /** The volumes of a pod that are on the node, with what is in them. */
  volumeUsage(podUid: string): Promise<readonly VolumeUsage[]>;
  /** How often probes had which result. */
  probeCounts(): readonly ProbeCount[];
  /** The configuration in use, as `/configz` shows it (kubelet.config.k8s.io/v1beta1). */
  configuration(): JsonObject;
  /** Null: all is well; else what is not. For `/healthz` and `/healthz/syncloop`. */
  health(): string | null;
}

/** Names a container; without `uid`, of the pod of that name that is there now. */
export interface ContainerPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly uid?: string;
  readonly container: string;
}

/** A container as the runtime has it. */
export interface FoundContainer {
  readonly containerId: string;
  readonly sandboxId: string;
  /** Absolute. */
  readonly logPath: string;
  readonly state: 'created' | 'running' | 'exited' | 'unknown';
  readonly attempt: number;
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  /** The one before it that has ended, for `previous` logs; null: there is none any more, or there never was. */
  readonly previous: { readonly containerId: string; readonly logPath: string } | null;
}

/** The use of a node's resources. */
export interface NodeUsage {
  readonly timestampMs: number;
  readonly startedAtMs: number;
  /** Of all processors, since the machine was started. */
  readonly cpuNanoseconds: number;
  readonly memoryTotalBytes: number;
  readonly memoryAvailableBytes: number;
  readonly memoryWorkingSetBytes: number;
  readonly memoryUsageBytes: number;
  readonly memoryRssBytes: number;
  readonly pageFaults: number;
  readonly majorPageFaults: number;
  /** Of the kubelet's folder. */
  readonly fileSystem: FileSystemUsage;
  /** Of the images; the same one often. */
  readonly imageFileSystem: FileSystemUsage;
  readonly interfaces: readonly {
    readonly name: string;
    readonly receivedBytes: number;
    readonly receiveErrors: number;
    readonly sentBytes: number;
    readonly sendErrors: number;
  }[];
  readonly processes: { readonly count: number; readonly max: number };
}

/** A file system, and how full it is. */
export interface FileSystemUsage {
  readonly capacityBytes: number;
  readonly availableBytes: number;
  readonly usedBytes: number;
  readonly inodes: number;
  readonly inodesFree: number;
}

/** A volume of a pod. */
export interface VolumeUsage extends FileSystemUsage {
  readonly name: string;
  /** The claim behind it, if any. */
  readonly claim: { readonly namespace: string; readonly name: string } | null;
}

/** For `prober_probe_total`. */
export interface ProbeCount {
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  readonly container: string;
  readonly kind: 'Liveness' | 'Readiness' | 'Startup';
  readonly result: 'successful' | 'failed' | 'unknown';
  readonly count: number;
}
