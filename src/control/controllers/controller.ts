import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import type {
  ControlClient,
  EventRecorder,
  SharedInformers,
  WorkQueueObserver,
} from '../client/index.js';

/** Brings what is there closer to what is wanted, over and over. */
export interface Controller {
  readonly name: string;
  /** Runs until the signal aborts, and resolves when nothing is under way. Rejects for bugs alone. */
  run(signal: AbortSignal): Promise<void>;
}

/** What every controller works with. */
export interface ControllerParts {
  /** Its writes are refused once another replica leads. */
  readonly client: ControlClient;
  /** Shared by all controllers: asked for in the constructor, run by who runs the controllers. */
  readonly informers: SharedInformers;
  /** Names the controller as the source of its events. */
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  /** Is told of what happens to a queue of this name, for the metrics `workqueue_*`. Absent: nobody counts. */
  readonly observeQueue?: (name: string) => WorkQueueObserver;
}

/** A flag of kube-controller-manager that a controller reads. Durations are in milliseconds here, and as Go writes them on the command line. */
export type ControllerFlag = {
  /** Without dashes: `concurrent-deployment-syncs`. */
  readonly name: string;
  readonly help: string;
} & (
  | {
      readonly kind: 'integer' | 'number' | 'duration';
      readonly default: number;
      /** The least that may be given. Default: 1 of integers, which mostly are numbers of workers; 0 of others. */
      readonly min?: number;
      /** The most that may be given. Default: any. */
      readonly max?: number;
    }
  | { readonly kind: 'boolean'; readonly default: boolean }
  | { readonly kind: 'text'; readonly default: string }
  /** The path of a file, which is read when the program starts. */
  | { readonly kind: 'file'; readonly default: '' }
);

/** The flags' values, by name. Asking for one that the controller did not declare, or as another kind, is a bug. */
export interface FlagValues {
  integer(name: string): number;
  number(name: string): number;
  durationMs(name: string): number;
  boolean(name: string): boolean;
  text(name: string): string;
  /** What the file holds; null when no path is given. */
  file(name: string): string | null;
}

/** A controller as the controller manager knows it: a row of the table in `controller-table.ts`. */
export interface ControllerDefinition {
  /** As kube-controller-manager names it: `deployment-controller`. */
  readonly name: string;
  /** What it was called before Kubernetes 1.28: `deployment`. */
  readonly alias?: string;
  /** What its events are from, where Kubernetes calls that otherwise than the controller: `node-controller`. */
  readonly eventSource?: string;
  /** Off: it runs only when `--controllers` names it. */
  readonly isOnByDefault: boolean;
  readonly flags: readonly ControllerFlag[];
  /** Null: with these flags there is nothing to do (a key is not given). */
  create(parts: ControllerParts, flags: FlagValues): Controller | null;
}
