import { RangeRequest, SortOrder, SortTarget } from '../wire/index.js';
import { type KeyTarget, keyRange } from './bytes.js';

/** What keys are sorted by. */
export type SortBy = 'key' | 'version' | 'create' | 'modify' | 'value';

/** Options of a read. Bounds are inclusive; 0 or absent is "no bound". */
export interface RangeOptions {
  /** Reads the store as it was at this revision; default the latest. */
  readonly revision?: number;
  /** How many keys to return at most; 0 or absent is all. */
  readonly limit?: number;
  readonly order?: 'ascend' | 'descend';
  /** Default `key`. */
  readonly sortBy?: SortBy;
  /** Answers from the state of the asked member, which may lag behind. Default false: linearizable. */
  readonly isSerializable?: boolean;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  readonly minModRevision?: number;
  readonly maxModRevision?: number;
  readonly minCreateRevision?: number;
  readonly maxCreateRevision?: number;
}

const sortTargets: Readonly<Record<SortBy, SortTarget>> = {
  key: SortTarget.KEY,
  version: SortTarget.VERSION,
  create: SortTarget.CREATE,
  modify: SortTarget.MOD,
  value: SortTarget.VALUE,
};
const sortOrders = { ascend: SortOrder.ASCEND, descend: SortOrder.DESCEND } as const;

/** The wire's request for a read. */
export function rangeRequest(target: KeyTarget, options?: RangeOptions): RangeRequest {
  if (options === undefined) return RangeRequest.create(keyRange(target));
  return RangeRequest.create({
    ...keyRange(target),
    revision: options.revision,
    limit: options.limit,
    sortOrder: options.order === undefined ? SortOrder.NONE : sortOrders[options.order],
    sortTarget: sortTargets[options.sortBy ?? 'key'],
    serializable: options.isSerializable,
    keysOnly: options.keysOnly,
    countOnly: options.countOnly,
    minModRevision: options.minModRevision,
    maxModRevision: options.maxModRevision,
    minCreateRevision: options.minCreateRevision,
    maxCreateRevision: options.maxCreateRevision,
  });
}
