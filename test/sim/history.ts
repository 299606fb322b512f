import { assert } from '../../src/base/assert.js';
import { SimFailure } from './failure.js';
import type { KvOp, KvResult, KvVersion } from './kv-model.js';
import { kvModel, shownRevision } from './kv-model.js';
import { checkLinearizable, type Interval } from './linearizability.js';

/** One client operation, as it is recorded. The answer is filled in when it comes. */
export interface Operation {
  readonly client: string;
  call: number;
  /** Reads that asked for no linearizability: checked for validity only. */
  readonly serializable: boolean;
  op: KvOp;
  return: number | null;
  /** It certainly did not take effect: the store said so. */
  refused: boolean;
}

/** An event that a watcher was sent. `version` null: the key was deleted. */
export interface WatchedEvent {
  readonly key: string;
  readonly modRevision: number;
  readonly version: KvVersion | null;
  /** When, in virtual milliseconds. */
  readonly at: number;
}

/** A version of a key that somebody was shown, and when. */
interface Showing {
  readonly version: KvVersion;
  readonly at: number;
}

/** All that clients did and saw in one run. */
export class History {
  readonly operations: Operation[] = [];
  /** What is known of each revision's changes of each key: reads, answers and watchers must agree. */
  readonly #versions = new Map<string, string>();
  /** By key and value, the first showing of a put to anybody. Nobody was shown a put that is not here. */
  readonly #showings = new Map<string, Showing>();
  /** Events by revision, from all watchers, to see that none misses what another saw. */
  readonly #events = new Map<number, Map<string, WatchedEvent>>();

  /** A client sends a request at `call`. */
  begin(client: string, call: number, op: KvOp, serializable: boolean): Operation {
    const operation = { client, call, op, serializable, return: null, refused: false };
    this.operations.push(operation);
    return operation;
  }

  /** Its answer arrives. */
  end(operation: Operation, at: number, result: KvResult): void {
    assert(operation.op.kind === 'txn' && operation.return === null);
    operation.return = at;
    operation.op = { ...operation.op, result };
    const branch = result.succeeded ? operation.op.success : operation.op.failure;
    for (const [i, step] of branch.entries()) {
      const outcome = result.steps[i];
      const shown = outcome?.kind === 'get' ? outcome.found : outcome?.previous;
      if (shown !== undefined && shown !== null) this.seeVersion(step.key, shown, at);
    }
  }

  /** It was refused in a way that promises that it never takes effect. */
  refuse(operation: Operation): void {
    operation.refused = true;
  }

  /** A version of a key was shown to somebody at `now`; every other showing of it must be the same. */
  seeVersion(key: string, version: KvVersion, now: number): void {
    const put = `${key}=${version.value}`;
    if (!this.#showings.has(put)) this.#showings.set(put, { version, at: now });
    const at = `${key}@${version.modRevision}`;
    const text = `${version.value} version ${version.version} created ${version.createRevision} lease ${version.lease}`;
    const before = this.#versions.get(at);
    if (before === undefined) this.#versions.set(at, text);
    else if (before !== text) {
      throw new SimFailure(
        'one version of a key per revision',
        `${at} was ${before} and is ${text}`,
      );
    }
  }

  /** A watcher was sent an event. */
  seeEvent(event: WatchedEvent): void {
    let atRevision = this.#events.get(event.modRevision);
    if (atRevision === undefined) {
      atRevision = new Map();
      this.#events.set(event.modRevision, atRevision);
    }
    const before = atRevision.get(event.key);
    if (before !== undefined && (before.version === null) !== (event.version === null)) {
      throw new SimFailure(
        'watchers agree',
        `${event.key}@${event.modRevision} was a put for one and a delete for another`,
      );
    }
    if (before === undefined) atRevision.set(event.key, event);
    if (event.version !== null) this.seeVersion(event.key, event.version, event.at);
  }

  /** Every revision that a watcher saw, with the keys that changed. */
  events(): Iterable<readonly [revision: number, ReadonlyMap<string, WatchedEvent>]> {
    return this.#events;
  }

  /** Keys that changed at `revision` as far as any watcher saw. */
  eventsAt(revision: number): ReadonlyMap<string, WatchedEvent> | undefined {
    return this.#events.get(revision);
  }

  /** Throws {@link SimFailure} unless everything that clients saw can be explained. */
  check(): { readonly steps: number } {
    const operations = this.operations.filter((operation) => !operation.refused);
    const linearizable = operations
      .filter((operation) => !operation.serializable)
      .map((operation) => withEvidence(operation, this.#showings));
    checkRevisionOrder(linearizable);
    const written = linearizable.flatMap((operation) => writeRevision(operation) ?? []);
    let steps = 0;
    for (const { keys, operations: component } of components(linearizable)) {
      const model = kvModel([...written, ...this.#revisionsElsewhere(keys)]);
      const verdict = checkLinearizable(model, component);
      steps += verdict.steps;
      if (verdict.kind === 'linearizable') continue;
      if (verdict.kind === 'exhausted') {
        throw new SimFailure(
          'history can be checked',
          `the search over ${component.length} operations gave up after ${verdict.steps} steps`,
        );
      }
      throw new SimFailure('linearizability', describeViolation(verdict.longest, verdict.stuck));
    }
    return { steps };
  }

  /** Revisions that are those of changes of other keys, as a watcher saw. One write does not change keys of two components. */
  *#revisionsElsewhere(keys: ReadonlySet<string>): Iterable<number> {
    for (const [revision, events] of this.#events) {
      if (![...events.keys()].some((key) => keys.has(key))) yield revision;
    }
  }
}

/**
 * An operation without an answer is not unknown any more when anybody was shown its put (values are unique): it took effect,
 * at that revision, before that time.
 */
function withEvidence(operation: Operation, showings: ReadonlyMap<string, Showing>): Operation {
  const { op } = operation;
  if (op.kind !== 'txn' || op.result !== null) return operation;
  for (const step of [...op.success, ...op.failure]) {
    if (step.kind !== 'put') continue;
    const { key, value } = step;
    const showing = showings.get(`${key}=${value}`);
    if (showing === undefined) continue;
    const { version, at } = showing;
    if (at < operation.call) {
      throw new SimFailure(
        'nothing is seen before it is asked for',
        `${key}=${value} was shown at ${at.toFixed(3)}: ${describe(operation)}`,
      );
    }
    return { ...operation, op: { ...op, shown: { key, version } }, return: at };
  }
  return operation;
}

/** The revision that an operation is known to have taken, if it wrote. */
export function writeRevision(operation: Interval<KvOp>): number | undefined {
  const { op } = operation;
  if (op.kind !== 'txn') return undefined;
  if (op.result === null) return op.shown?.version.modRevision;
  const { result } = op;
  const branch = result.succeeded ? op.success : op.failure;
  const wrote = branch.some((step, i) => {
    const outcome = result.steps[i];
    return step.kind === 'put' || (outcome?.kind === 'delete' && outcome.deleted > 0);
  });
  return wrote ? result.revision : undefined;
}

/**
 * Header revisions follow real time: what is called after an answer shows at least the answer's revision, and a write takes
 * a revision of its own, above it. Across all keys, where the per-component search does not look.
 */
function checkRevisionOrder(operations: readonly Operation[]): void {
  const answered = operations.filter((operation) => revisionOf(operation) > 0);
  const byReturn = [...answered].sort((a, b) => (a.return ?? 0) - (b.return ?? 0));
  const owners = new Map<number, Operation>();
  let returned = 0;
  let highest: Operation | undefined;
  for (const operation of [...answered].sort((a, b) => a.call - b.call)) {
    for (;;) {
      const earlier = byReturn[returned];
      if (earlier === undefined || (earlier.return ?? 0) >= operation.call) break;
      if (highest === undefined || revisionOf(earlier) > revisionOf(highest)) highest = earlier;
      returned++;
    }
    const own = writeRevision(operation);
    const least = highest === undefined ? 0 : revisionOf(highest) + (own === undefined ? 0 : 1);
    if (highest !== undefined && revisionOf(operation) < least) {
      throw new SimFailure(
        'revisions follow real time',
        `${describe(operation)}\n  came after\n  ${describe(highest)}`,
      );
    }
    if (own === undefined) continue;
    const other = owners.get(own);
    if (other !== undefined) {
      throw new SimFailure(
        'a revision belongs to one write',
        `${describe(operation)}\n  ${describe(other)}`,
      );
    }
    owners.set(own, operation);
  }
}

function revisionOf(operation: Operation): number {
  return shownRevision(operation.op) ?? 0;
}

/** Operations with the keys that they have in common, directly or through others. */
interface Component {
  readonly keys: Set<string>;
  readonly operations: Operation[];
}

/** Splits a history into parts without a key in common; linearizability of all parts is that of the whole (it is local). */
function components(operations: readonly Operation[]): Component[] {
  const attached = attachedKeys(operations);
  const keysPerOperation = operations.map(({ op }) =>
    op.kind === 'txn' ? keysOf(op) : [...(attached.get(op.lease) ?? [])],
  );
  const parent = new Map<string, string>();
  const find = (key: string): string => {
    const up = parent.get(key);
    if (up === undefined || up === key) return key;
    const root = find(up);
    parent.set(key, root);
    return root;
  };
  for (const keys of keysPerOperation) {
    for (const key of keys) parent.set(find(key), find(keys[0] as string));
  }
  const parts = new Map<string, Component>();
  for (const [i, operation] of operations.entries()) {
    const keys = keysPerOperation[i] ?? [];
    // The end of a lease that no key was ever attached to changes nothing.
    if (keys[0] === undefined) continue;
    const root = find(keys[0]);
    const part = parts.get(root) ?? { keys: new Set(), operations: [] };
    parts.set(root, part);
    part.operations.push(operation);
    for (const key of keys) part.keys.add(key);
  }
  return [...parts.values()];
}

/** By lease, the keys that anybody asked to attach to it: its end may delete them all, at one revision. */
function attachedKeys(operations: readonly Operation[]): Map<string, Set<string>> {
  const attached = new Map<string, Set<string>>();
  for (const { op } of operations) {
    if (op.kind !== 'txn') continue;
    for (const step of [...op.success, ...op.failure]) {
      if (step.kind !== 'put' || step.lease === '') continue;
      attached.set(step.lease, (attached.get(step.lease) ?? new Set()).add(step.key));
    }
  }
  return attached;
}

function keysOf(op: KvOp & { kind: 'txn' }): string[] {
  return [...op.compares, ...op.success, ...op.failure].map(({ key }) => key);
}

function describeViolation(
  longest: readonly Interval<KvOp>[],
  stuck: readonly Interval<KvOp>[],
): string {
  const tail = longest.slice(-8).map((operation) => `  ${describe(operation)}`);
  const next = stuck.map((operation) => `  ${describe(operation)}`);
  return [
    'no order of the operations explains the answers. The longest that does ends with',
    ...tail,
    'and none of these fits next:',
    ...next,
  ].join('\n');
}

/** One line about an operation. */
export function describe(operation: Interval<KvOp> & { readonly client?: string }): string {
  const { op } = operation;
  const span = `[${operation.call.toFixed(3)}, ${operation.return?.toFixed(3) ?? 'unknown'}]`;
  const who = operation.client === undefined ? '' : ` ${operation.client}`;
  if (op.kind === 'expire') return `${span}${who} lease ${op.lease} ends`;
  const steps = (list: typeof op.success) =>
    list.map((step) => `${step.kind} ${step.key}${step.kind === 'put' ? `=${step.value}` : ''}`);
  const compares = op.compares.map(({ key, target, equals }) => `${target}(${key})==${equals}`);
  const when = compares.length === 0 ? '' : `if ${compares.join(' and ')} then `;
  const otherwise = op.failure.length === 0 ? '' : ` else ${steps(op.failure).join(', ')}`;
  return `${span}${who} ${when}${steps(op.success).join(', ')}${otherwise} -> ${describeResult(op.result)}${op.shown === undefined ? '' : `, shown at revision ${op.shown.version.modRevision}`}`;
}

function describeResult(result: KvResult | null): string {
  if (result === null) return 'outcome unknown';
  const steps = result.steps.map((step) => {
    if (step.kind === 'put') return 'put';
    if (step.kind === 'delete') return `deleted ${step.deleted}`;
    const { found } = step;
    return found === null
      ? 'absent'
      : `${found.value} (mod ${found.modRevision}, version ${found.version})`;
  });
  return `revision ${result.revision}, ${result.succeeded ? 'then' : 'else'}: ${steps.join(', ')}`;
}
