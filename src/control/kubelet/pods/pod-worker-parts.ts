import type { Clock } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { NodeFiles } from '../../../host/node-files.js';
import type { Pod, PodStatus } from '../../api/gen/core-v1.js';
import type { EventRecorder } from '../../client/index.js';
import type { ImagePuller } from '../container/image-puller.js';
import type { PodPaths } from '../container/pod-paths.js';
import type { PodProbes } from '../probes/pod-probes.js';
import type { PodResizerParts } from '../resize/pod-resizer.js';
import type { ContainerRuntime, SandboxConfig } from '../runtime/container-runtime.js';
import type { PodVolumes } from '../volumes/pod-volumes.js';
import type { BackOff } from './back-off.js';
import type { ContainerStarter } from './container-starter.js';
import type { PodStopper } from './pod-stopper.js';
import type { RuntimeWatch } from './runtime-watch.js';
import type { TerminationMessages } from './termination-messages.js';

/** Why the node does not take a pod, or ends it. */
export interface PodFailure {
  readonly reason: string;
  readonly message: string;
}

/** Where statuses go. */
export interface StatusSink {
  set(pod: Pod, status: PodStatus, isFinal: boolean): void;
  latest(pod: Pod): Pod;
}

/** What all workers of a node share. */
export interface PodWorkerParts extends PodResizerParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly files: NodeFiles;
  readonly paths: PodPaths;
  readonly runtime: ContainerRuntime;
  readonly watch: RuntimeWatch;
  readonly events: EventRecorder;
  readonly probes: PodProbes;
  readonly starter: ContainerStarter;
  readonly stopper: PodStopper;
  readonly images: ImagePuller;
  readonly backOff: BackOff;
  readonly volumes: PodVolumes;
  readonly messages: TerminationMessages;
  readonly statuses: StatusSink;
  /** The runtime's name, as `containerd`. */
  readonly runtimeName: string;
  readonly nodeName: string;
  readonly hostIps: readonly string[];
  /** Null: the node takes the pod. */
  readonly admit: (pod: Pod) => PodFailure | null;
  /** The pod of the API that shows the status: itself, or the mirror of a static pod; null: not there yet. */
  readonly shownPod: (pod: Pod) => Pod | null;
  readonly sandboxOf: (pod: Pod, attempt: number) => Promise<SandboxConfig>;
  /** Takes away the groups of the kernel that the pod's containers were in, and which are empty now. */
  readonly removeGroups: (uid: string) => Promise<void>;
  /** What of the runtime is to run the pod; '' is its own choice. Rejects with RuntimeError for a class that is not there. */
  readonly handlerOf: (pod: Pod) => Promise<string>;
  /** What `/etc/hosts` of the pod says. */
  readonly hostsOf: (pod: Pod, ips: readonly string[]) => Promise<string>;
  /** Its volumes are brought up to date so often. */
  readonly volumeRefreshMs: number;
  /** The worker has nothing left to do: its pod is gone. */
  readonly onGone: (uid: string) => void;
}
