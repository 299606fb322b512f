import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import type { AuditBackend } from '../../../../src/control/apiserver/audit/audit-backend.js';
import { AuditEntry, legacyLine } from '../../../../src/control/apiserver/audit/audit-entry.js';
import type { AuditEvent } from '../../../../src/control/apiserver/audit/audit-event.js';
import {
  BatchingBackend,
  type BatchOptions,
} from '../../../../src/control/apiserver/audit/batching-backend.js';
import { LogBackend } from '../../../../src/control/apiserver/audit/log-backend.js';
import { TruncatingBackend } from '../../../../src/control/apiserver/audit/truncating-backend.js';
import { WebhookBackend } from '../../../../src/control/apiserver/audit/webhook-backend.js';
import { ManualClock } from '../../../store/manual-clock.js';

const base: AuditEvent = {
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'Metadata',
  auditID: 'a',
  stage: 'ResponseComplete',
  requestURI: '/api/v1/pods',
  verb: 'list',
  user: { username: 'jane', groups: ['dev', 'ops'] },
  impersonatedUser: undefined,
  sourceIPs: ['10.0.0.1'],
  userAgent: 'kubectl/1.36',
  objectRef: { namespace: 'n' },
  responseStatus: { code: 200 },
  requestObject: undefined,
  responseObject: undefined,
  requestReceivedTimestamp: '2026-01-02T03:04:05.120000Z',
  stageTimestamp: '2026-01-02T03:04:05.120000Z',
  annotations: undefined,
};
const entry = (auditID: string, more: Partial<AuditEvent> = {}) =>
  new AuditEntry({ ...base, auditID, ...more });
const entries = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => entry(String(from + index)));

/** Keeps the ids of what it gets, a list for each batch. */
class Kept implements AuditBackend {
  readonly batches: string[][] = [];
  answer: () => boolean | Promise<boolean> = () => true;
  isClosed = false;

  take(taken: readonly AuditEntry[]): boolean | Promise<boolean> {
    this.batches.push(taken.map(({ event }) => event.auditID));
    return this.answer();
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

t.test('legacyLine writes an event as Kubernetes does', (t) => {
  t.equal(
    legacyLine(entry('a')),
    '2026-01-02T03:04:05.12Z AUDIT: id="a" stage="ResponseComplete" ip="10.0.0.1" method="list" user="jane" groups="\\"dev\\",\\"ops\\"" as="<self>" asgroups="<lookup>" user-agent="kubectl/1.36" namespace="n" uri="/api/v1/pods" response="200"',
  );
  const bare = entry('b', {
    user: { username: '' },
    impersonatedUser: { username: 'joe', groups: ['x'] },
    sourceIPs: [],
    objectRef: undefined,
    responseStatus: undefined,
    userAgent: undefined,
    requestReceivedTimestamp: '2026-01-02T03:04:05.000000Z',
  });
  t.equal(
    legacyLine(bare),
    '2026-01-02T03:04:05Z AUDIT: id="b" stage="ResponseComplete" ip="<unknown>" method="list" user="<none>" groups="<none>" as="joe" asgroups="\\"x\\"" user-agent="" namespace="<none>" uri="/api/v1/pods" response="<deferred>"',
  );
  t.end();
});

t.test('LogBackend: only a strict log tells that nothing was written', (t) => {
  const lines: string[] = [];
  const file = { write: (line: string) => void lines.push(line), flush: () => false };
  const lineOf = ({ event }: AuditEntry) => event.auditID;
  t.equal(new LogBackend(file, { lineOf, isStrict: false }).take(entries(2)), true);
  t.equal(new LogBackend(file, { lineOf, isStrict: true }).take(entries(1, 2)), false);
  t.same(lines, ['0', '1', '2']);
  t.end();
});

t.test('TruncatingBackend shortens what is too large, and splits batches', async (t) => {
  const inner = new Kept();
  const taken: AuditEntry[] = [];
  const losses: string[] = [];
  const small = entry('s').size;
  const backend = new TruncatingBackend(
    {
      ...inner,
      take: (all) => taken.push(...all) > 0 && inner.take(all),
      close: () => inner.close(),
    },
    { eventBytesMax: small + 200, batchBytesMax: 2 * small + 50 },
    (plugin, count) => losses.push(`${plugin} ${count}`),
  );
  const object = { metadata: { name: 'x'.repeat(500) } };
  t.equal(backend.take([entry('0'), entry('1'), entry('2')]), true);
  t.same(inner.batches, [['0', '1'], ['2']]);
  await backend.take([
    entry('3', { level: 'RequestResponse', requestObject: object, responseObject: object }),
  ]);
  const { event } = taken.at(-1) ?? entry('');
  t.match(event, { auditID: '3', requestObject: undefined, responseObject: undefined });
  t.same(event.annotations, { 'audit.k8s.io/truncated': 'true' });
  t.same(losses, []);
  t.equal(backend.take([entry('4', { requestURI: `/${'y'.repeat(500)}` })]), true);
  t.same(losses, ['truncate 1']);
  t.equal(taken.length, 4);
  inner.answer = () => Promise.resolve(false);
  t.equal(await backend.take(entries(3)), false, 'what becomes of the parts is awaited');
  await backend.close();
  t.ok(inner.isClosed);
});

function batching(options: Partial<BatchOptions>) {
  const clock = new ManualClock();
  const inner = new Kept();
  const losses: number[] = [];
  const backend = new BatchingBackend(
    inner,
    { eventsMax: 10, batchMax: 3, waitMs: 1000, throttle: null, underWayMax: 2, ...options },
    clock,
    (_, count) => losses.push(count),
  );
  return { clock, inner, losses, backend };
}

t.test('BatchingBackend hands on batches that are full, or when time is up', async (t) => {
  const { clock, inner, losses, backend } = batching({});
  await clock.settle();
  backend.take(entries(2));
  await clock.settle();
  t.same(inner.batches, []);
  backend.take(entries(2, 2));
  await clock.settle();
  t.same(inner.batches, [['0', '1', '2']]);
  await clock.advance(999);
  t.equal(inner.batches.length, 1);
  await clock.advance(1);
  t.same(inner.batches, [['0', '1', '2'], ['3']]);
  backend.take(entries(12));
  t.same(losses, [2], 'what has no room is lost, and told');
  await clock.settle();
  backend.take(entries(1, 90));
  await backend.close();
  t.same(inner.batches.slice(2).flat(), [...entries(10).map(({ event }) => event.auditID), '90']);
  t.ok(inner.isClosed);
  t.equal(clock.timerCount, 0);
});

t.test('BatchingBackend sends no more batches than it may', async (t) => {
  const { clock, inner, backend } = batching({
    eventsMax: 100,
    batchMax: 1,
    throttle: { perSecond: 2, burst: 3 },
  });
  backend.take(entries(8));
  await clock.settle();
  t.equal(inner.batches.length, 3, 'the burst');
  await clock.advance(499);
  t.equal(inner.batches.length, 3);
  await clock.advance(1);
  t.equal(inner.batches.length, 4);
  await clock.advance(1000);
  t.equal(inner.batches.length, 6);
  const closed = backend.close();
  await clock.advance(10_000);
  await closed;
  t.equal(inner.batches.length, 8, 'what waits goes when it closes');
});

t.test('BatchingBackend has so many batches on their way at a time', async (t) => {
  const { clock, inner, backend } = batching({ batchMax: 1 });
  const finish: ((isKept: boolean) => void)[] = [];
  inner.answer = () => new Promise((resolve) => finish.push(resolve));
  backend.take(entries(5));
  await clock.settle();
  t.equal(inner.batches.length, 2);
  finish[0]?.(true);
  await clock.settle();
  t.equal(inner.batches.length, 3, 'one has come back');
  inner.answer = () => true;
  finish[1]?.(true);
  finish[2]?.(true);
  await clock.settle();
  t.equal(inner.batches.length, 5);
  await backend.close();
});

t.test('WebhookBackend sends lists, again when they are not taken', async (t) => {
  const clock = new ManualClock();
  const sent: string[] = [];
  const losses: number[] = [];
  let failures = 2;
  const backend = new WebhookBackend({
    async send(json) {
      sent.push(json);
      if (failures-- > 0) throw new Error('down');
    },
    initialBackoffMs: 10_000,
    ...{ clock, prng: new Prng(1), onLoss: (_, count) => losses.push(count) },
  });
  const first = backend.take(entries(2));
  await clock.settle();
  t.equal(sent.length, 1);
  await clock.advance(9_999);
  t.equal(sent.length, 1);
  await clock.advance(30_000);
  t.equal(await first, true);
  t.equal(sent.length, 3);
  const list = JSON.parse(sent[2] ?? '');
  t.match(list, { kind: 'EventList', apiVersion: 'audit.k8s.io/v1' });
  t.same(
    list.items.map(({ auditID }: { auditID: string }) => auditID),
    ['0', '1'],
  );
  failures = 100;
  const lost = backend.take(entries(3));
  await clock.advance(200_000);
  t.equal(await lost, false);
  t.equal(sent.length, 8, 'five times in all');
  t.same(losses, [3]);
  const given = backend.take(entries(1));
  await clock.settle();
  await backend.close();
  t.equal(await given, false, 'closing waits for no further try');
  t.equal(sent.length, 10);
});
