import type { Taint } from '../api/gen/core-v1.js';
import type { JsonObject } from '../machinery/json.js';

/** Amounts by resource name, as `{ cpu: '500m' }`. */
export type Amounts = Readonly<Record<string, string>>;

/** What a kubelet is told. */
export interface KubeletSettings {
  readonly nodeName: string;
  /** Empty: those that the machine has. */
  readonly nodeIps: readonly string[];
  readonly nodeLabels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** False: the Node is somebody else's to make. */
  readonly isRegistered: boolean;
  /** Pods are added by somebody else than the scheduler: nobody is to schedule onto it. */
  readonly isSchedulable: boolean;
  readonly rootDir: string;
  /** Folders of volumes of the host-path provisioner, which are removed there when they are deleted; absolute. */
  readonly hostPathFolders: readonly string[];
  readonly podLogsDir: string;
  readonly podsMax: number;
  readonly systemReserved: Amounts;
  readonly kubeReserved: Amounts;
  /** Signals such as `memory.available` with the amount (`100Mi` or `10%`) below which pods are evicted at once. */
  readonly evictionHard: Amounts;
  readonly evictionSoft: Amounts;
  /** Milliseconds by signal. */
  readonly evictionSoftGraceMs: Readonly<Record<string, number>>;
  readonly evictionMaxPodGraceSeconds: number;
  readonly evictionPressureTransitionMs: number;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  /** '' means that pods get no name servers of the node's. */
  readonly resolvConf: string;
  /** A folder or a file with pods that are run without the API server; '' none. */
  readonly podManifestPath: string;
  readonly fileCheckMs: number;
  readonly nodeStatusUpdateMs: number;
  readonly nodeStatusReportMs: number;
  readonly nodeLeaseSeconds: number;
  readonly relistMs: number;
  /** 0: none. */
  readonly healthzPort: number;
  readonly healthzAddress: string;
  /** Of the kubelet's API, as the Node says it. */
  readonly port: number;
  readonly imagePullsMax: number;
  readonly imageHighPercent: number;
  readonly imageLowPercent: number;
  readonly imageAgeMsMin: number;
  readonly logFiles: number;
  readonly logBytesMax: number;
  readonly hasCpuQuota: boolean;
  /** '' is the root. */
  readonly cgroupRoot: string;
  readonly areCgroupsPerPod: boolean;
  /** How long pods are given when the machine shuts down; 0: they go on. */
  readonly shutdownGraceMs: number;
  readonly shutdownGraceCriticalMs: number;
  readonly kubeletVersion: string;
  readonly providerId: string;
  /** As `/configz` shows it. */
  readonly document: JsonObject;
}
