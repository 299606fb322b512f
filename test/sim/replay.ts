import { SimFailure } from './failure.js';
import { describe, type History, type Operation, writeRevision } from './history.js';
import type { KvOp, KvStep, KvVersion } from './kv-model.js';
import type { WatchLog } from './watch-log.js';

type Answered = Operation & { readonly op: KvOp & { kind: 'txn' } };

/**
 * Checks by revision what the search checks by order. Watchers show the history of the store: every revision with all its
 * changes. Nothing may be missing that another watcher saw or an answer promised, nothing may be there that nobody wrote,
 * and every read must be what a replay of that history gives at its revision.
 */
export function checkReplay(history: History, logs: readonly WatchLog[]): void {
  checkNothingMissed(history, logs);
  checkOrigins(history);
  const everything = logs.find(({ prefix, covered }) => prefix === '' && covered.length === 1);
  if (everything !== undefined) checkReads(history, everything.nextRevision - 1);
}

/** A watcher has seen every change of what it watches that anybody saw. */
function checkNothingMissed(history: History, logs: readonly WatchLog[]): void {
  const promised = history.operations.flatMap((operation) => promisedChanges(operation));
  for (const log of logs) {
    for (const [revision, events] of history.events()) {
      if (!log.covers(revision)) continue;
      for (const key of events.keys()) {
        if (log.watches(key) && !log.seen.has(`${key}@${revision}`)) {
          throw new SimFailure(
            'watchers miss nothing',
            `${log.name} was not sent ${key}@${revision}`,
          );
        }
      }
    }
    for (const { key, revision, operation } of promised) {
      if (!log.covers(revision) || !log.watches(key) || log.seen.has(`${key}@${revision}`))
        continue;
      throw new SimFailure(
        'watchers miss nothing',
        `${log.name} was not sent ${key}@${revision} of ${describe(operation)}`,
      );
    }
  }
}

function promisedChanges(operation: Operation) {
  const revision = writeRevision(operation);
  if (revision === undefined || operation.op.kind !== 'txn') return [];
  const { result } = operation.op;
  return stepsTaken(operation as Answered)
    .filter((step, i) => {
      const outcome = result?.steps[i];
      return step.kind === 'put' || (outcome?.kind === 'delete' && outcome.deleted > 0);
    })
    .map(({ key }) => ({ key, revision, operation }));
}

function stepsTaken({ op }: Answered): readonly KvStep[] {
  return op.result?.succeeded === false ? op.failure : op.success;
}

/** Every put that is in the history was asked for, was not refused, and took effect once. */
function checkOrigins(history: History): void {
  const writers = new Map<string, Operation>();
  for (const operation of history.operations) {
    if (operation.op.kind !== 'txn') continue;
    for (const step of [...operation.op.success, ...operation.op.failure]) {
      if (step.kind === 'put') writers.set(`${step.key}=${step.value}`, operation);
    }
  }
  const revisions = new Map<Operation, number>();
  for (const [revision, events] of history.events()) {
    for (const [key, { version }] of events) {
      if (version === null || key === 'final') continue;
      const writer = writers.get(`${key}=${version.value}`);
      if (writer === undefined) {
        throw new SimFailure(
          'no write appears that nobody sent',
          `${key}@${revision}: ${version.value}`,
        );
      }
      const before = revisions.get(writer) ?? revision;
      if (writer.refused || before !== revision) {
        throw new SimFailure(
          'a write takes effect at most once, and not when it was refused',
          `${describe(writer)}\n  is at revision ${revision}, ${writer.refused ? 'and was refused' : `and at ${before}`}`,
        );
      }
      revisions.set(writer, revision);
    }
  }
}

/** Reads, serializable ones too, see what the history up to their revision leaves. */
function checkReads(history: History, upTo: number): void {
  const reads = history.operations.filter(
    (operation): operation is Answered =>
      operation.op.kind === 'txn' &&
      operation.op.result !== null &&
      operation.op.result.revision <= upTo &&
      writeRevision(operation) === undefined,
  );
  reads.sort((a, b) => revisionOf(a) - revisionOf(b));
  const state = new Map<string, KvVersion>();
  let revision = 1;
  for (const read of reads) {
    for (; revision <= revisionOf(read); revision++) {
      for (const [key, { version }] of history.eventsAt(revision) ?? []) {
        if (version === null) state.delete(key);
        else state.set(key, version);
      }
    }
    for (const [i, step] of stepsTaken(read).entries()) {
      const outcome = read.op.result?.steps[i];
      if (outcome?.kind !== 'get') continue;
      const expected = state.get(step.key);
      if (expected?.modRevision === outcome.found?.modRevision) continue;
      throw new SimFailure(
        'a read shows the state at its revision',
        `${step.key} was ${expected?.value ?? 'absent'}: ${describe(read)}`,
      );
    }
  }
}

function revisionOf({ op }: Answered): number {
  return op.result?.revision ?? 0;
}
