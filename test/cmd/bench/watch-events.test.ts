import t from 'tap';
import { readWatchResponse } from '../../../src/cmd/bench/watch-events.js';
import { EventType, WatchResponse } from '../../../src/wire/index.js';

function read(bytes: Uint8Array) {
  const found = { values: [] as string[], created: 0, canceled: 0 };
  readWatchResponse(bytes, {
    onEvent: (all, start, end) =>
      found.values.push(Buffer.from(all.subarray(start, end)).toString()),
    onCreated: () => found.created++,
    onCanceled: () => found.canceled++,
  });
  return found;
}

const header = {
  clusterId: 2n ** 63n + 5n,
  memberId: 2n ** 64n - 1n,
  revision: 2 ** 40,
  raftTerm: 9,
};
const eventOf = (value: string) => ({
  type: EventType.PUT,
  kv: {
    key: Buffer.from('key'),
    value: Buffer.from(value),
    createRevision: 2 ** 33,
    modRevision: 2 ** 40,
    version: 300,
    lease: 2n ** 60n,
  },
});

t.test('readWatchResponse: finds what the generated codec encodes', async (t) => {
  const values = ['first', '', 'x'.repeat(5000)];
  const full = { header, watchId: 12345n, events: values.map(eventOf) };
  t.same(read(WatchResponse.encode(full)), { values, created: 0, canceled: 0 });
  t.same(read(WatchResponse.encode({ header, watchId: 1n, created: true })).created, 1);
  t.same(read(WatchResponse.encode({ header, canceled: true, cancelReason: 'why' })).canceled, 1);
  const deletion = { type: EventType.DELETE, kv: { key: Buffer.from('k'), modRevision: 3 } };
  t.same(read(WatchResponse.encode({ header, events: [deletion] })).values, ['']);
});

t.test('readWatchResponse: what is cut off is an error, not an event', async (t) => {
  const bytes = WatchResponse.encode({ header, watchId: 1n, created: true });
  t.throws(() => read(Uint8Array.of(...bytes, 0x5a)), RangeError);
  t.throws(() => read(Uint8Array.of(0x0b)), RangeError, 'a group');
});
