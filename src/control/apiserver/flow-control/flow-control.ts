import { createHash } from 'node:crypto';
import { defined } from '../../../base/assert.js';
import type { FlowSchema, PriorityLevelConfiguration } from '../../api/gen/flowcontrol-v1.js';
import type { KubeObject } from '../../machinery/object.js';
import type { RequestInfo, UserInfo } from '../contracts.js';
import { bootstrapLevels, bootstrapSchemas } from './bootstrap-objects.js';
import { FlowCounts } from './flow-counts.js';
import { matchesFlowSchema } from './flow-match.js';
import { QueueSet, type QueueSetLimits } from './queue-set.js';

/** Where a request queues. */
export interface Flow {
  readonly schema: FlowSchema;
  readonly level: PriorityLevelConfiguration;
  /** Null: exempt, nothing holds it. */
  readonly queues: QueueSet | null;
  /** Tells flows of one schema apart. */
  readonly hash: () => bigint;
}

interface Level {
  config: PriorityLevelConfiguration;
  queues: QueueSet | null;
  /** Seats that others may use while they are free. */
  lendable: number;
}

const defaultShares = 30;

/** Sorts requests into flows by FlowSchemas, and has them share the server by PriorityLevelConfigurations. */
export class FlowControl {
  /** What became of requests; counted by who lets them in. */
  readonly counts = new FlowCounts();
  readonly #totalSeats: number;
  readonly #levels = new Map<string, Level>();
  /** By precedence, then by name. Those whose level there is not do not count. */
  #schemas: readonly FlowSchema[] = [];
  readonly #schemasByName = new Map<string, FlowSchema>();

  /** Begins as a cluster does that nobody configured. */
  constructor(totalSeats: number) {
    this.#totalSeats = totalSeats;
    for (const level of bootstrapLevels) this.setLevel(level);
    for (const schema of bootstrapSchemas) this.setSchema(schema);
  }

  /** The levels that limit, by name; for the metrics. */
  *levels(): Iterable<readonly [string, QueueSet]> {
    for (const [name, { queues }] of this.#levels) if (queues !== null) yield [name, queues];
  }

  setSchema(object: KubeObject): void {
    this.#schemasByName.set(object.metadata.name ?? '', object as FlowSchema);
    this.#sortSchemas();
  }

  /** Mandatory schemas hold even while they are not stored. */
  removeSchema(object: KubeObject): void {
    const name = object.metadata.name ?? '';
    this.#schemasByName.delete(name);
    const mandatory = name === 'exempt' || name === 'catch-all';
    const kept = bootstrapSchemas.find(({ metadata }) => mandatory && metadata.name === name);
    if (kept !== undefined) this.#schemasByName.set(name, kept);
    this.#sortSchemas();
  }

  setLevel(object: KubeObject): void {
    const config = object as PriorityLevelConfiguration;
    const name = config.metadata.name ?? '';
    const known = this.#levels.get(name);
    if (known === undefined) this.#levels.set(name, { config, queues: null, lendable: 0 });
    else known.config = config;
    this.#share();
  }

  /** Those who wait at it are seated as before, nobody new comes to it. */
  removeLevel(object: KubeObject): void {
    const name = object.metadata.name ?? '';
    if (name === 'exempt' || name === 'catch-all') return;
    this.#levels.delete(name);
    this.#share();
  }

  /** All schemas, and whether their level is missing. */
  *danglings(): Iterable<{ readonly schema: FlowSchema; readonly isDangling: boolean }> {
    for (const schema of this.#schemasByName.values())
      yield { schema, isDangling: !this.#levels.has(levelNameOf(schema)) };
  }

  /** The first schema that is about a request; every user is in one of the groups of `catch-all`. */
  flowOf(user: UserInfo, info: RequestInfo): Flow {
    const schema =
      this.#schemas.find((one) => matchesFlowSchema(one, user, info)) ??
      defined(this.#schemasByName.get('catch-all'));
    const level = defined(this.#levels.get(levelNameOf(schema)), 'the level of a schema');
    const hash = () => flowHash(schema, user, info);
    return { schema, level: level.config, queues: level.queues, hash };
  }

  /** A seat became free: another level may borrow it. */
  onSeatFree(): void {
    for (const { queues } of this.#levels.values()) queues?.dispatch();
  }

  #sortSchemas(): void {
    const precedence = ({ spec }: FlowSchema) => spec?.matchingPrecedence ?? 0;
    const name = ({ metadata }: FlowSchema) => metadata.name ?? '';
    this.#schemas = [...this.#schemasByName.values()]
      .filter((schema) => this.#levels.has(levelNameOf(schema)))
      .sort((a, b) => precedence(a) - precedence(b) || (name(a) < name(b) ? -1 : 1));
  }

  /** Gives each level the seats of its shares. */
  #share(): void {
    const limited = [...this.#levels.values()].filter(
      ({ config }) => config.spec?.type !== 'Exempt',
    );
    const sum = limited.reduce((total, { config }) => total + sharesOf(config), 0);
    for (const level of this.#levels.values()) {
      const { config } = level;
      if (config.spec?.type === 'Exempt') {
        level.queues = null;
        level.lendable = 0;
        continue;
      }
      const seats = Math.ceil((this.#totalSeats * sharesOf(config)) / Math.max(1, sum));
      level.lendable = Math.round((seats * (config.spec?.limited?.lendablePercent ?? 0)) / 100);
      const limits = limitsOf(config, seats);
      if (level.queues !== null) level.queues.setLimits(limits);
      else level.queues = new QueueSet(limits, (count) => this.#mayBorrow(level, count));
    }
    this.#sortSchemas();
  }

  /** Whether a level that lacks so many seats may take them of those that others lend and nobody has. */
  #mayBorrow(borrower: Level, count: number): boolean {
    let free = 0;
    let borrowed = 0;
    for (const level of this.#levels.values()) {
      if (level.queues === null) continue;
      const { running, seats } = level.queues;
      borrowed += Math.max(0, running - seats);
      if (level !== borrower) free += Math.max(0, Math.min(level.lendable, seats - running));
    }
    const own = defined(borrower.queues ?? undefined);
    const percent = borrower.config.spec?.limited?.borrowingLimitPercent;
    const limit = percent === undefined ? Number.POSITIVE_INFINITY : (own.seats * percent) / 100;
    const before = Math.max(0, own.running - own.seats);
    return free - borrowed >= count && before + count - 1 < limit;
  }
}

function levelNameOf({ spec }: FlowSchema): string {
  return spec?.priorityLevelConfiguration?.name ?? '';
}

function sharesOf({ spec }: PriorityLevelConfiguration): number {
  return spec?.limited?.nominalConcurrencyShares ?? defaultShares;
}

function limitsOf({ spec }: PriorityLevelConfiguration, seats: number): QueueSetLimits {
  const { type, queuing } = spec?.limited?.limitResponse ?? {};
  if (type !== 'Queue') return { seats, queues: 0, handSize: 0, queueLengthMax: 0 };
  const { queues = 64, handSize = 8, queueLengthLimit = 50 } = queuing ?? {};
  return { seats, queues, handSize, queueLengthMax: queueLengthLimit };
}

function flowHash({ metadata, spec }: FlowSchema, user: UserInfo, info: RequestInfo): bigint {
  const type = spec?.distinguisherMethod?.type;
  const flow = type === 'ByUser' ? user.name : type === 'ByNamespace' ? info.namespace : '';
  const digest = createHash('sha256')
    .update(`${metadata.name ?? ''}\0${flow}`)
    .digest();
  return digest.readBigUInt64LE(0);
}
