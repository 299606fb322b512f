/** The documents below /flotilla/store/, as the server writes them and the page reads them. 64-bit numbers are decimal strings, ids are hex. */

/** What a member says of itself. 64-bit numbers are decimal strings. */
export interface MemberState {
  readonly version: string;
  /** Id of the leader that it knows; '' without. */
  readonly leader: string;
  readonly term: string;
  readonly revision: string;
  readonly index: string;
  readonly appliedIndex: string;
  readonly sizeBytes: string;
  readonly sizeInUseBytes: string;
  /** 0: it did not say. */
  readonly quotaBytes: string;
  readonly problems: readonly string[];
}

/** One member of the store. */
export interface MemberRow {
  readonly id: string;
  readonly name: string;
  readonly isLearner: boolean;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  /** Null: it was not asked, or did not answer. */
  readonly state: MemberState | null;
  /** Why there is no state; '' when there is. */
  readonly problem: string;
}

/** The document of `/flotilla/store/status`. */
export interface StoreStatus {
  readonly clusterId: string;
  readonly members: readonly MemberRow[];
  readonly alarms: readonly { readonly member: string; readonly alarm: string }[];
}

/** A value: text when it is UTF-8, else base64. */
export interface ValueRecord {
  readonly encoding: 'utf-8' | 'base64';
  readonly data: string;
}

/** A key without its value. 64-bit numbers are decimal strings. */
export interface KeyRecord {
  /** Escaped as `textOfKey` says. */
  readonly key: string;
  readonly createRevision: string;
  readonly modRevision: string;
  /** Puts since it was created. */
  readonly version: string;
  /** Id in hex, '' without. */
  readonly lease: string;
}

/** A key with its value. */
export interface KeyValueRecord extends KeyRecord {
  readonly sizeBytes: number;
  readonly value: ValueRecord;
}

/** All keys with one more part of the path in common. */
export interface Folder {
  /** Up to and with the slash. */
  readonly prefix: string;
  /** Keys below it. */
  readonly count: number;
}

/** The document of `/flotilla/store/keys`: what lies directly below a prefix, as in a folder. */
export interface KeyListing {
  readonly prefix: string;
  /** All of it is read at this revision. */
  readonly revision: string;
  /** Keys below the prefix, at any depth. */
  readonly count: number;
  readonly folders: readonly Folder[];
  readonly keys: readonly KeyRecord[];
  /** Where the next page goes on (`after`); '' at the end. */
  readonly next: string;
}

/** One change of a key. */
export type KeyChange =
  | ({ readonly type: 'put' } & KeyValueRecord)
  | { readonly type: 'delete'; readonly key: string; readonly modRevision: string };

/** The document of `/flotilla/store/keys/history`. */
export interface KeyHistory {
  readonly key: string;
  /** Up to which all changes are there. */
  readonly revision: string;
  /** What came before this revision is compacted away, but for the state that the key had then; '0': nothing is. */
  readonly compactRevision: string;
  /** Oldest first. */
  readonly changes: readonly KeyChange[];
  /** There were more changes than are told: these are the latest. */
  readonly isCut: boolean;
}

/** A lease and what hangs on it. */
export interface LeaseRow {
  /** In hex. */
  readonly id: string;
  /** Seconds left; '-1' when it has just ended. */
  readonly ttlSeconds: string;
  readonly grantedSeconds: string;
  readonly keyCount: number;
  /** The first of them. */
  readonly keys: readonly string[];
}

/** The document of `/flotilla/store/leases`. */
export interface LeaseList {
  readonly count: number;
  /** The first of them. */
  readonly leases: readonly LeaseRow[];
}

/** One line of `/flotilla/store/keys/watch`. The value of a long put is left out: its data is ''. */
export type WatchLine =
  | KeyChange
  | { readonly type: 'start'; readonly revision: string }
  | { readonly type: 'error'; readonly code: number; readonly message: string };
