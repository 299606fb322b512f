import t from 'tap';
import type { Service } from '../../../../src/control/api/gen/core-v1.js';
import type { EndpointSlice } from '../../../../src/control/api/gen/discovery-v1.js';
import { ObjectCache, objectKey } from '../../../../src/control/client/informer/object-cache.js';
import {
  matchesSelector,
  servicesToUpdate,
} from '../../../../src/control/controllers/service-endpoints/membership.js';
import { SliceTracker } from '../../../../src/control/controllers/service-endpoints/slice-tracker.js';
import { TriggerTimes } from '../../../../src/control/controllers/service-endpoints/trigger-times.js';
import { hostClock } from '../../../../src/host/clock.js';
import { pod, service } from '../endpoint-slice/samples.js';

t.test('matchesSelector needs every label, and an empty selector selects nothing', (t) => {
  t.ok(matchesSelector({ a: '1' }, { a: '1', b: '2' }));
  t.notOk(matchesSelector({ a: '1', c: '3' }, { a: '1' }));
  t.notOk(matchesSelector({}, { a: '1' }));
  t.notOk(matchesSelector(undefined, { a: '1' }));
  t.notOk(matchesSelector({ toString: 'x' }, {}));
  t.end();
});

const services = new ObjectCache<Service>();
for (const [name, app] of [
  ['web', 'web'],
  ['copy', 'web'],
  ['db', 'db'],
] as const) {
  const each = service({ selector: { app } }, { name });
  services.set(objectKey(each), each);
}
const web = pod('a');
const db = { ...web, metadata: { ...web.metadata, labels: { app: 'db' } } };
const changes: readonly [title: string, before: typeof web, after: typeof web, seen: string[]][] = [
  ['nothing', web, { ...web, metadata: { ...web.metadata, annotations: { a: 'b' } } }, []],
  ['readiness', web, pod('a', { isReady: false }), ['default/copy', 'default/web']],
  ['its address', web, pod('a', { ips: ['10.9.9.9'] }), ['default/copy', 'default/web']],
  ['its deletion', web, pod('a', { isGoing: true }), ['default/copy', 'default/web']],
  ['its phase', web, pod('a', { phase: 'Failed' }), ['default/copy', 'default/web']],
  ['its labels', web, db, ['default/copy', 'default/db', 'default/web']],
  [
    'labels that nobody selects by',
    web,
    { ...web, metadata: { ...web.metadata, labels: { app: 'web', x: 'y' } } },
    [],
  ],
];
for (const [title, before, after, seen] of changes) {
  t.test(`servicesToUpdate when a pod changes ${title}`, (t) => {
    t.same([...servicesToUpdate(before, after, services)].sort(), seen);
    t.end();
  });
}

t.test('TriggerTimes gives the earliest of what changed, each change once', (t) => {
  const at = (seconds: number) => `2026-01-01T00:00:0${seconds}Z`;
  const readyAt = (name: string, seconds: number) => {
    const each = pod(name);
    const condition = { type: 'Ready', status: 'True', lastTransitionTime: at(seconds) };
    return { ...each, status: { ...each.status, conditions: [condition] } };
  };
  const web = service({}, { creationTimestamp: at(5) });
  const times = new TriggerTimes();
  const seen = (...pods: ReturnType<typeof readyAt>[]) => times.next(web, pods);
  t.equal(seen(readyAt('a', 7), readyAt('b', 6)), Date.parse(at(5)));
  t.equal(seen(readyAt('a', 7), readyAt('b', 6)), null);
  t.equal(seen(readyAt('a', 9), readyAt('b', 8)), Date.parse(at(8)));
  t.equal(seen(readyAt('b', 8)), null);
  times.forget('default/web');
  t.equal(seen(readyAt('b', 3)), Date.parse(at(3)));
  t.end();
});

t.test('SliceTracker knows when an informer is behind', (t) => {
  let nowMs = 0;
  const tracker = new SliceTracker({ ...hostClock, now: () => nowMs });
  const slice = (uid: string, generation: number): EndpointSlice => ({
    metadata: { uid, name: uid, generation },
  });
  tracker.onWritten('o', slice('a', 2));
  t.ok(tracker.isBehind('o', []));
  t.ok(tracker.isBehind('o', [slice('a', 1)]));
  t.notOk(tracker.isBehind('o', [slice('a', 2)]));
  t.notOk(tracker.isBehind('other', []));
  t.notOk(tracker.onShown('o', slice('a', 2)), 'its own write is no news');
  t.ok(tracker.onShown('o', slice('a', 3)), 'what others write is');
  t.ok(tracker.onShown('o', slice('b', 1)));
  tracker.onDeleted('o', slice('a', 2));
  t.ok(tracker.isBehind('o', [slice('a', 2)]));
  t.notOk(tracker.onGone('o', slice('a', 2)), 'its own deletion is no news');
  t.ok(tracker.onGone('o', slice('b', 1)));
  tracker.onWritten('o', slice('c', 1));
  t.ok(tracker.isBehind('o', []));
  nowMs = 61_000;
  t.notOk(tracker.isBehind('o', []), 'nobody waits forever');
  t.end();
});
