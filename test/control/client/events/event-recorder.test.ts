import t from 'tap';
import { silentLogger } from '../../../../src/base/logger.js';
import { Prng } from '../../../../src/base/prng.js';
import type { Event } from '../../../../src/control/api/gen/core-v1.js';
import {
  ControlClient,
  createEventRecorder,
  type Transport,
  UnreachableError,
} from '../../../../src/control/client/index.js';
import type { ApiCall } from '../../../../src/control/client/transport.js';
import type { StatusError } from '../../../../src/control/machinery/status.js';
import {
  alreadyExists,
  failure,
  notFound,
} from '../../../../src/control/machinery/status-errors.js';
import { ManualClock } from '../../../store/manual-clock.js';

const events = { group: '', resource: 'events' };
const pod = {
  ...{ apiVersion: 'v1', kind: 'Pod' },
  metadata: { name: 'p', namespace: 'a', uid: 'u' },
};

/** A server that keeps events, and fails as it is told. */
class EventServer implements Transport {
  readonly kept = new Map<string, Event>();
  readonly calls: string[] = [];
  /** Thrown by the next calls, in order. */
  failures: Error[] = [];
  /** Calls wait for it. */
  gate: Promise<void> = Promise.resolve();

  async call({ verb, place, body }: ApiCall): Promise<Uint8Array> {
    await this.gate;
    const given = JSON.parse(Buffer.from(body ?? []).toString()) as Event;
    const name = place.name === '' ? given.metadata.name! : place.name;
    const failed = this.failures.shift();
    this.calls.push(verb);
    if (failed !== undefined) throw failed;
    const before = this.kept.get(name);
    if (verb === 'patch' && before === undefined) throw notFound(events, name);
    if (verb === 'create' && before !== undefined) throw alreadyExists(events, name);
    const after = { ...before, ...given };
    this.kept.set(name, after);
    return Buffer.from(JSON.stringify(after));
  }

  document(): Promise<Uint8Array> {
    throw new Error('nobody asks for documents');
  }

  watch(): AsyncIterable<never> {
    throw new Error('nobody watches');
  }

  async close(): Promise<void> {}

  get shown(): readonly string[] {
    return [...this.kept.values()].map(
      ({ reason, message, count }) => `${count} ${reason}: ${message}`,
    );
  }
}

function recording() {
  const clock = new ManualClock();
  const server = new EventServer();
  const client = new ControlClient(server, { clock });
  const recorder = createEventRecorder({
    ...{ client, clock, prng: new Prng(1), logger: silentLogger },
    component: 'test',
  });
  return { clock, server, recorder };
}

t.test('createEventRecorder: writes behind, and counts what is the same', async (t) => {
  const { server, recorder } = recording();
  recorder.event(pod, 'Warning', 'Failed', 'x');
  t.same(server.calls, [], 'not at once');
  for (let i = 0; i < 3; i++) recorder.event(pod, 'Warning', 'Failed', 'x');
  recorder.event(pod, 'Normal', 'Started', 'y');
  await recorder.flush();
  t.same([...server.shown].sort(), ['1 Started: y', '4 Failed: x']);
  t.same([...server.calls].sort(), ['create', 'create', 'patch', 'patch', 'patch']);
});

t.test(
  'createEventRecorder: an event that was forgotten by the server goes on with its count',
  async (t) => {
    const { server, recorder } = recording();
    recorder.event(pod, 'Normal', 'Started', 'y');
    await recorder.flush();
    server.kept.clear();
    recorder.event(pod, 'Normal', 'Started', 'y');
    await recorder.flush();
    t.same(server.shown, ['2 Started: y']);
  },
);

t.test(
  'createEventRecorder: what cannot be written is tried again, twelve times in all',
  async (t) => {
    for (const [failures, wanted] of [
      [1, ['1 Started: y']],
      [11, ['1 Started: y']],
      [12, []],
    ] as const) {
      const { clock, server, recorder } = recording();
      server.failures = Array.from({ length: failures }, () => new UnreachableError('gone'));
      recorder.event(pod, 'Normal', 'Started', 'y');
      const written = recorder.flush();
      for (let i = 0; i < 13; i++) await clock.advance(10_000);
      await written;
      t.same(server.shown, wanted, `${failures} failures`);
      t.equal(server.calls.length, Math.min(12, failures + 1));
    }
  },
);

t.test('createEventRecorder: what is refused is not tried again', async (t) => {
  const terminating = failure(403, 'Forbidden', 'terminating', {
    causes: [{ reason: 'NamespaceTerminating' }],
  });
  for (const refusal of [
    terminating,
    failure(403, 'Forbidden', 'no', {}),
    alreadyExists(events, 'x'),
  ]) {
    const { server, recorder } = recording();
    server.failures = [refusal];
    recorder.event(pod, 'Normal', 'Started', 'y');
    await recorder.flush();
    t.same(server.calls, ['create'], (refusal as StatusError).message);
  }
});

t.test('createEventRecorder: drops what does not fit, and what comes after its end', async (t) => {
  const { server, recorder } = recording();
  let open = () => {};
  server.gate = new Promise((resolve) => {
    open = resolve;
  });
  for (let i = 0; i < 1500; i++) {
    const object = { ...pod, metadata: { ...pod.metadata, name: `p${i}`, uid: `u${i}` } };
    recorder.event(object, 'Normal', 'Started', 'y');
  }
  open();
  await recorder.flush();
  t.equal(server.kept.size, 1000);
  await recorder.close();
  recorder.event(pod, 'Normal', 'Late', 'z');
  await recorder.flush();
  t.equal(server.kept.size, 1000);
});

t.test('createEventRecorder: its end does not wait for a server that is gone', async (t) => {
  const { server, recorder } = recording();
  server.failures = Array.from({ length: 100 }, () => new UnreachableError('gone'));
  recorder.event(pod, 'Normal', 'Started', 'y');
  await new Promise(setImmediate);
  await recorder.close();
  t.equal(server.calls.length, 1);
});
