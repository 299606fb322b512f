/** A condition of an object's status. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** An object of the API as far as the page looks into it: any field may be missing in what some kind has. */
export interface ApiObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly OwnerReference[];
  };
  readonly spec?: ApiSpec;
  readonly status?: ApiStatus;
}

/** Who an object belongs to. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** A container as it is asked for. */
export interface Container {
  readonly name: string;
  readonly image?: string;
}

/** Fields of the kinds that the page knows. */
export interface ApiSpec {
  readonly replicas?: number;
  readonly selector?: {
    readonly matchLabels?: Readonly<Record<string, string>>;
  } & Readonly<Record<string, unknown>>;
  readonly paused?: boolean;
  readonly suspend?: boolean;
  readonly schedule?: string;
  readonly completions?: number;
  readonly unschedulable?: boolean;
  readonly nodeName?: string;
  readonly updateStrategy?: { readonly type?: string };
  readonly taints?: readonly {
    readonly key: string;
    readonly value?: string;
    readonly effect: string;
  }[];
  readonly initContainers?: readonly Container[];
  readonly containers?: readonly Container[];
  readonly ephemeralContainers?: readonly Container[];
}

/** Fields of the kinds that the page knows. */
export interface ApiStatus {
  readonly phase?: string;
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly replicas?: number;
  readonly readyReplicas?: number;
  readonly updatedReplicas?: number;
  readonly availableReplicas?: number;
  readonly currentRevision?: string;
  readonly updateRevision?: string;
  readonly desiredNumberScheduled?: number;
  readonly updatedNumberScheduled?: number;
  readonly numberAvailable?: number;
  readonly active?: number | readonly unknown[];
  readonly succeeded?: number;
  readonly failed?: number;
  readonly lastScheduleTime?: string;
  readonly capacity?: Readonly<Record<string, string>>;
  readonly allocatable?: Readonly<Record<string, string>>;
  readonly nodeInfo?: Readonly<Record<string, string>>;
  readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
  readonly podIP?: string;
  readonly hostIP?: string;
}

/** How a container is. */
export interface ContainerStatus {
  readonly name: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly image?: string;
  readonly state?: Readonly<
    Record<
      string,
      { readonly reason?: string; readonly message?: string; readonly exitCode?: number }
    >
  >;
}

/** A condition by its type. */
export function conditionOf({ status }: ApiObject, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}
