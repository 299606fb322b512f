import type { EnabledPlugin } from '../framework/plugin.js';
import type { PointName } from '../runtime/plugin-points.js';

/** What a configuration file says, with every default filled in (KubeSchedulerConfiguration of kubescheduler.config.k8s.io/v1). */
export interface SchedulerConfiguration {
  readonly leaderElection: LeaderElectionConfiguration;
  readonly clientConnection: ClientConnectionConfiguration;
  /** 0 to 100; 0: by the size of the cluster. */
  readonly percentageOfNodesToScore: number;
  readonly podInitialBackoffSeconds: number;
  readonly podMaxBackoffSeconds: number;
  /** At least one, each of its own name, all with the same queue sort. */
  readonly profiles: readonly ProfileConfiguration[];
  /** Asked in this order. */
  readonly extenders: readonly ExtenderConfiguration[];
  /** Modules with plugins, as paths (`./plugin.js`) or packages. */
  readonly pluginModules: readonly string[];
}

/** A server that is asked besides the plugins. A verb is the end of the URL that it is asked at; '' for what it does not do. */
export interface ExtenderConfiguration {
  readonly urlPrefix: string;
  readonly filterVerb: string;
  readonly preemptVerb: string;
  readonly prioritizeVerb: string;
  readonly bindVerb: string;
  /** Of its scores; more than 0 when it prioritizes. */
  readonly weight: number;
  readonly enableHttps: boolean;
  readonly tls: ExtenderTls;
  readonly timeoutMs: number;
  /** It knows the nodes itself: names are enough. */
  readonly nodeCacheCapable: boolean;
  /** It is asked for pods with one of these alone; for all when there are none. */
  readonly managedResources: readonly ManagedResource[];
  /** Pods are placed without it when it fails. */
  readonly ignorable: boolean;
}

/** An extended resource that an extender looks after. */
export interface ManagedResource {
  readonly name: string;
  /** The scheduler itself does not count it. */
  readonly ignoredByScheduler: boolean;
}

/** How an extender is trusted, and how it knows the scheduler. Paths of files, or what would be in them in base64; '' for none. */
export interface ExtenderTls {
  readonly insecure: boolean;
  readonly serverName: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  readonly certData: string;
  readonly keyData: string;
  readonly caData: string;
}

/** What the file says of leader election; undefined: the flags decide. */
export interface LeaderElectionConfiguration {
  readonly leaderElect?: boolean;
  readonly leaseDuration?: string;
  readonly renewDeadline?: string;
  readonly retryPeriod?: string;
  readonly resourceLock?: string;
  readonly resourceName?: string;
  readonly resourceNamespace?: string;
}

/** What the file says of the way to the API server; undefined: the flags decide. */
export interface ClientConnectionConfiguration {
  readonly kubeconfig?: string;
  readonly qps?: number;
  readonly burst?: number;
}

/** The plugins of one `spec.schedulerName`. */
export interface ProfileConfiguration {
  readonly schedulerName: string;
  /** Null: as for all profiles. */
  readonly percentageOfNodesToScore: number | null;
  readonly plugins: PluginSets;
  /** Arguments by plugin; what is absent has its defaults. */
  readonly pluginArguments: ReadonlyMap<string, unknown>;
}

/** Plugins that are switched on and off at a point. '*' among the disabled: all that is not enabled here. */
export interface PluginSet {
  readonly enabled: readonly EnabledPlugin[];
  readonly disabled: readonly string[];
}

/** Plugins by point; those of `multiPoint` are at every point that they implement. */
export type PluginSets = Readonly<Partial<Record<PointName | 'multiPoint', PluginSet>>>;

/** The name of the scheduler that pods have when they name none. */
export const defaultSchedulerName = 'default-scheduler';

/** The configuration of a scheduler without a file. */
export function defaultConfiguration(): SchedulerConfiguration {
  return {
    ...{ leaderElection: {}, clientConnection: {}, percentageOfNodesToScore: 0 },
    ...{ podInitialBackoffSeconds: 1, podMaxBackoffSeconds: 10 },
    ...{ extenders: [], pluginModules: [] },
    profiles: [
      {
        ...{ schedulerName: defaultSchedulerName, percentageOfNodesToScore: null },
        ...{ plugins: {}, pluginArguments: new Map() },
      },
    ],
  };
}
