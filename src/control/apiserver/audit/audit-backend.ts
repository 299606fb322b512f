import type { AuditEntry } from './audit-entry.js';

/** Where audit events go. */
export interface AuditBackend {
  /** Takes events, in order. Whether all of them are kept, as far as that is known by then. Never throws or rejects. */
  take(entries: readonly AuditEntry[]): boolean | Promise<boolean>;
  /** Resolves when what was taken is kept, or given up. Nothing is taken from then on. */
  close(): Promise<void>;
}

/** Is told of events that are lost: which part lost them, why and how many. */
export type OnAuditLoss = (plugin: string, count: number, error: unknown) => void;
