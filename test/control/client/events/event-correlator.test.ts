import t from 'tap';
import { EventCorrelator } from '../../../../src/control/client/events/event-correlator.js';
import { eventName, newEvent } from '../../../../src/control/client/events/new-event.js';
import { ManualClock } from '../../../store/manual-clock.js';

const pod = (name: string) => ({
  ...{ apiVersion: 'v1', kind: 'Pod' },
  metadata: { name, namespace: 'a', uid: `uid-${name}` },
});
const source = { component: 'test', host: '' };

function correlating() {
  const clock = new ManualClock();
  const correlator = new EventCorrelator(clock);
  let tick = 0;
  const tell = (message: string, { name = 'p', reason = 'Failed', from = source } = {}) => {
    const told = { object: pod(name), type: 'Warning' as const, reason, message };
    const event = newEvent(told, from, { wallMs: clock.wallTime(), tick: ++tick });
    const outcome = correlator.correlate(event, ++tick);
    return outcome.kind === 'drop'
      ? 'drop'
      : `${outcome.kind} ${outcome.event.count} ${outcome.event.message}`;
  };
  return { clock, tell };
}

t.test(
  'EventCorrelator: the same event is counted; another message, reason, object or source is another',
  async (t) => {
    const { tell } = correlating();
    t.equal(tell('x'), 'create 1 x');
    t.equal(tell('x'), 'count 2 x');
    t.equal(tell('y'), 'create 1 y');
    t.equal(tell('x', { reason: 'Other' }), 'create 1 x');
    t.equal(tell('x', { name: 'q' }), 'create 1 x');
    t.equal(tell('x', { from: { component: 'other', host: '' } }), 'create 1 x');
    t.equal(tell('x'), 'count 3 x');
  },
);

t.test(
  'EventCorrelator: the tenth similar event within ten minutes stands for those after it',
  async (t) => {
    const { clock, tell } = correlating();
    for (let i = 1; i <= 9; i++) t.equal(tell(`m${i}`), `create 1 m${i}`);
    t.equal(tell('m10'), 'create 1 (combined from similar events): m10');
    t.equal(tell('m11'), 'count 2 (combined from similar events): m11');
    t.equal(tell('m12', { name: 'q' }), 'create 1 m12', 'of another object');
    clock.jump(600_001);
    t.equal(tell('m13'), 'create 1 m13', 'ten minutes without any');
  },
);

t.test(
  'EventCorrelator: a source says 25 times something of an object, then once in five minutes',
  async (t) => {
    const { clock, tell } = correlating();
    for (let i = 1; i <= 25; i++) t.not(tell('x'), 'drop', `${i}`);
    t.equal(tell('x'), 'drop');
    t.equal(tell('y', { reason: 'Other' }), 'drop', 'whatever it says');
    t.equal(tell('x', { name: 'q' }), 'create 1 x', 'of another object');
    t.equal(tell('x', { from: { component: 'other', host: '' } }), 'create 1 x', 'another source');
    clock.jump(300_001);
    // What was dropped counts too, as with client-go.
    t.equal(tell('x'), 'count 27 x');
    t.equal(tell('x'), 'drop');
  },
);

t.test('newEvent: has what kubectl describe and get events show', async (t) => {
  const at = Date.UTC(2026, 10, 21, 10, 20, 30) + 400;
  const told = { object: pod('p'), type: 'Normal' as const, reason: 'Started', message: 'x' };
  t.same(newEvent(told, { component: 'c', host: 'h' }, { wallMs: at, tick: 5 }), {
    metadata: { name: eventName('p', at, 5), namespace: 'a' },
    involvedObject: { kind: 'Pod', apiVersion: 'v1', name: 'p', namespace: 'a', uid: 'uid-p' },
    ...{ type: 'Normal', reason: 'Started', message: 'x', count: 1 },
    firstTimestamp: '2026-11-21T10:20:30Z',
    lastTimestamp: '2026-11-21T10:20:30Z',
    source: { component: 'c', host: 'h' },
    reportingComponent: 'c',
    reportingInstance: 'h',
  });
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } };
  const ofNode = newEvent({ ...told, object: node }, source, { wallMs: at, tick: 0 });
  t.equal(ofNode.metadata.namespace, 'default', 'of what has no namespace');
  t.same(ofNode.source, { component: 'test' });
});

t.test('eventName: the object and the time, or the time alone', async (t) => {
  t.equal(eventName('web', 1_700_000_000_000, 7), 'web.17979cfe362a0007');
  t.match(eventName('system:node', 1_700_000_000_000, 7), /^event\.17979cfe362a0007$/);
  t.match(eventName('a'.repeat(250), 1_700_000_000_000, 7), /^event\./);
});
