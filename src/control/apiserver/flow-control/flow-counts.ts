import type { FlowSchema } from '../../api/gen/flowcontrol-v1.js';
import { Distribution } from '../distribution.js';

/** Why a request was not let in, as Kubernetes calls it. */
export type RejectionReason = 'concurrency-limit' | 'queue-full' | 'time-out' | 'cancelled';

const waitSeconds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];

/** What became of the requests of one FlowSchema at one level. */
export class SchemaCounts {
  readonly schema: string;
  readonly level: string;
  executing = 0;
  /** Of those that execute. */
  seats = 0;
  waiting = 0;
  dispatched = 0;
  readonly rejected = new Map<RejectionReason, number>();
  readonly waitsBeforeRun = new Distribution(waitSeconds);
  readonly waitsInVain = new Distribution(waitSeconds);

  constructor(schema: string, level: string) {
    this.schema = schema;
    this.level = level;
  }

  reject(reason: RejectionReason): void {
    this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1);
  }
}

/** Counts by FlowSchema and level. */
export class FlowCounts {
  readonly #all = new Map<string, SchemaCounts>();
  /** By object, which changes seldom. */
  readonly #bySchema = new WeakMap<FlowSchema, SchemaCounts>();

  of(schema: FlowSchema): SchemaCounts {
    let counts = this.#bySchema.get(schema);
    if (counts === undefined) {
      counts = this.#named(
        schema.metadata.name ?? '',
        schema.spec?.priorityLevelConfiguration?.name ?? '',
      );
      this.#bySchema.set(schema, counts);
    }
    return counts;
  }

  all(): Iterable<SchemaCounts> {
    return this.#all.values();
  }

  #named(schema: string, level: string): SchemaCounts {
    const key = `${schema}/${level}`;
    const counts = this.#all.get(key) ?? new SchemaCounts(schema, level);
    this.#all.set(key, counts);
    return counts;
  }
}
