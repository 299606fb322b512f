import type { Duplex, Readable, Writable } from 'node:stream';

/**
 * What the kubelet asks of what runs containers. Shaped after the container runtime interface (CRI v1), so that one over gRPC is a thin
 * translation and any other can be put beside it. Everything rejects with RuntimeError. All is idempotent: stopping what is stopped and
 * removing what is gone succeed.
 */
export interface ContainerRuntime {
  /** As nodes show it: `containerd`, `flotilla-process`. */
  version(): Promise<RuntimeVersion>;
  status(): Promise<RuntimeStatus>;
  /** The addresses of pods on this node (`10.244.1.0/24`; several by commas), once the cluster has given them. Later sandboxes take theirs from it. */
  updatePodCidr(cidr: string): Promise<void>;

  /** What all containers of a pod share: its network and other namespaces. Resolves with its id once it is ready. */
  runSandbox(config: SandboxConfig): Promise<string>;
  /** Its containers are killed, its address is given back. */
  stopSandbox(id: string): Promise<void>;
  removeSandbox(id: string): Promise<void>;
  /** Those that were made by a kubelet, of this run or an earlier one. */
  listSandboxes(): Promise<readonly SandboxState[]>;
  sandboxStatus(id: string): Promise<SandboxState>;

  createContainer(
    sandboxId: string,
    config: ContainerConfig,
    sandbox: SandboxConfig,
  ): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** The stop signal, and after the grace period SIGKILL. Resolves when it has ended. */
  stopContainer(id: string, graceSeconds: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  listContainers(): Promise<readonly ContainerState[]>;
  containerStatus(id: string): Promise<ContainerState>;
  updateResources(id: string, resources: LinuxResources): Promise<void>;
  /** The log file was moved away: write into a new one of the same path. */
  reopenLog(id: string): Promise<void>;

  /** Runs a command to its end; output beyond 16 MiB is cut. Rejects with code `timeout` when it takes longer, and has ended it then. */
  execSync(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult>;
  exec(id: string, request: ExecRequest): Promise<ProcessSession>;
  attach(id: string, request: AttachRequest): Promise<ProcessSession>;
  /** A connection to a TCP port inside of the sandbox. */
  portForward(sandboxId: string, port: number): Promise<Duplex>;

  listImages(): Promise<readonly ImageState[]>;
  /** Null: not here. */
  imageStatus(image: string): Promise<ImageState | null>;
  /** Resolves with what `ContainerConfig.imageRef` takes. */
  pullImage(image: string, auth: ImageAuth | null): Promise<string>;
  removeImage(ref: string): Promise<void>;
  /** Where images are kept, for the free space of its file system. */
  imageFileSystem(): Promise<{
    readonly path: string;
    readonly usedBytes: number;
    readonly usedInodes: number;
  }>;

  containerStats(): Promise<readonly ContainerStats[]>;
  /** Tells of containers and sandboxes that changed, as far as it can; the kubelet lists anyhow from time to time. Until the signal aborts. */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
  close(): Promise<void>;
}

export interface RuntimeVersion {
  readonly name: string;
  readonly version: string;
  readonly apiVersion: string;
}

/** Conditions as CRI has them: `RuntimeReady`, `NetworkReady`. */
export interface RuntimeStatus {
  readonly conditions: readonly {
    readonly type: string;
    readonly status: boolean;
    readonly reason: string;
    readonly message: string;
  }[];
}

export type NamespaceMode = 'pod' | 'container' | 'node' | { readonly targetContainerId: string };

/** A port of the pod that the node forwards. */
export interface PortMapping {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIp: string;
}

export interface DnsConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export interface SandboxConfig {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** Counts sandboxes of one pod. */
  readonly attempt: number;
  readonly hostname: string;
  /** Where the logs of its containers go. */
  readonly logDirectory: string;
  readonly dns: DnsConfig | null;
  readonly portMappings: readonly PortMapping[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly cgroupParent: string;
  readonly hostNetwork: boolean;
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  readonly shareProcessNamespace: boolean;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly security: SecurityConfig;
  /** '' is the runtime's own. */
  readonly runtimeHandler: string;
}

/** Who runs, and what it may. Null: the image's or the runtime's default. */
export interface SecurityConfig {
  readonly runAsUser: number | null;
  readonly runAsUserName: string;
  readonly runAsGroup: number | null;
  readonly supplementalGroups: readonly number[];
  readonly privileged: boolean;
  readonly readOnlyRootFilesystem: boolean;
  readonly noNewPrivileges: boolean;
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  readonly seccomp: SecurityProfile | null;
  readonly apparmor: SecurityProfile | null;
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
}

export interface SecurityProfile {
  readonly kind: 'runtime-default' | 'unconfined' | 'localhost';
  readonly localhostRef: string;
}

export interface SandboxState {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly attempt: number;
  readonly isReady: boolean;
  readonly createdAtMs: number;
  /** The first is the pod's IP; none with the host's network. */
  readonly ips: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface MountConfig {
  readonly containerPath: string;
  /** '' of an image's files. */
  readonly hostPath: string;
  /** What is seen is an image's, and read-only. Runtimes that cannot do that refuse. */
  readonly image?: ImageMount;
  readonly isReadonly: boolean;
  readonly propagation: 'private' | 'host-to-container' | 'bidirectional';
}

/** Files of an image as a volume. */
export interface ImageMount {
  /** What `pullImage` or `imageStatus` gave. */
  readonly ref: string;
  /** '' is all of it. */
  readonly subPath: string;
}

/** Limits of the kernel; null: none. */
export interface LinuxResources {
  readonly cpuShares: number;
  readonly cpuQuotaUs: number | null;
  readonly cpuPeriodUs: number;
  readonly memoryLimitBytes: number | null;
  readonly oomScoreAdj: number;
  readonly hugepageLimits: Readonly<Record<string, number>>;
}

export interface ContainerConfig {
  readonly name: string;
  /** Counts containers of one name in one pod. */
  readonly attempt: number;
  /** As the pod names it. */
  readonly image: string;
  /** What `pullImage` or `imageStatus` gave. */
  readonly imageRef: string;
  /** Empty: the image's entry point. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** '' is the image's. */
  readonly workingDir: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly mounts: readonly MountConfig[];
  readonly devices: readonly {
    readonly hostPath: string;
    readonly containerPath: string;
    readonly permissions: string;
  }[];
  /** Relative to the sandbox's `logDirectory`; written in CRI's format (time, stream, P or F, line). */
  readonly logPath: string;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly resources: LinuxResources;
  readonly security: SecurityConfig;
  readonly pidNamespace: NamespaceMode;
  /** '' is the image's, and SIGTERM without one. */
  readonly stopSignal: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ContainerState {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly state: 'created' | 'running' | 'exited' | 'unknown';
  readonly createdAtMs: number;
  /** 0: not yet. */
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly exitCode: number;
  /** `Completed`, `Error`, `OOMKilled`, or what the runtime says. */
  readonly reason: string;
  readonly message: string;
  readonly image: string;
  readonly imageRef: string;
  /** Absolute. */
  readonly logPath: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ExecResult {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly exitCode: number;
}

export interface AttachRequest {
  readonly stdin: boolean;
  readonly stdout: boolean;
  /** Not with `tty`, which has one output. */
  readonly stderr: boolean;
  readonly tty: boolean;
}

export interface ExecRequest extends AttachRequest {
  readonly command: readonly string[];
}

/** A process that somebody talks with. */
export interface ProcessSession {
  /** Null where it was not asked for. */
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  resize(columns: number, rows: number): void;
  /**
   * The exit code; of an attach, 0 when the container has ended or the session was closed. Rejects with RuntimeError when the runtime finds
   * out late that it cannot run the command.
   */
  readonly ended: Promise<number>;
  /** Lets go of it: an exec'd command gets SIGHUP or the like, an attached container goes on. */
  close(): void;
}

export interface ImageAuth {
  readonly username: string;
  readonly password: string;
  readonly registryToken: string;
}

export interface ImageState {
  readonly ref: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  readonly sizeBytes: number;
  /** Whom the image says it runs as. */
  readonly user: { readonly uid: number | null; readonly name: string };
  readonly isPinned: boolean;
}

export interface ContainerStats {
  readonly containerId: string;
  readonly timestampMs: number;
  /** Since its start. */
  readonly cpuNanoseconds: number;
  readonly memoryUsageBytes: number;
  readonly memoryWorkingSetBytes: number;
  readonly memoryRssBytes: number;
  readonly rootfsUsedBytes: number;
  readonly rootfsUsedInodes: number;
}

export interface RuntimeEvent {
  readonly kind: 'created' | 'started' | 'stopped' | 'deleted';
  readonly containerId: string;
  readonly sandboxId: string;
}
