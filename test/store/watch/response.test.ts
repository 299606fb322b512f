import t from 'tap';
import { concatBytes } from '../../../src/base/bytes.js';
import { Prng } from '../../../src/base/prng.js';
import { EventResponseEncoder } from '../../../src/store/watch/response.js';
import { WatchResponse } from '../../../src/wire/index.js';

const eventsTag = 90;

/** An event of so many bytes as a field of WatchResponse: one of an unknown type, which is all that matters here. */
function eventOf(size: number): Uint8Array {
  const response = WatchResponse.encode({ events: [{ kv: { value: new Uint8Array(size) } }] });
  t.equal(response[0], eventsTag);
  return response;
}

t.test('EventResponseEncoder makes the same bytes however it joins and shares them', async (t) => {
  const seed = 5;
  const prng = new Prng(seed);
  const encoder = new EventResponseEncoder();
  const all = Array.from({ length: 12 }, () => eventOf(prng.pick([1, 300, 4200, 9000])));
  for (let round = 0; round < 500; round++) {
    const from = prng.int(0, all.length);
    const events = all.slice(from, prng.int(from + 1, all.length + 1));
    const header = Uint8Array.of(24, prng.int(1, 3));
    const watchId = BigInt(prng.int(0, 3));
    const got = concatBytes(encoder.encode({ header, watchId, events }));
    const head = WatchResponse.encode({ watchId, header: { revision: header[1]! } });
    const expected = concatBytes([head, ...events]);
    if (!Buffer.from(got).equals(expected)) return void t.fail(`seed ${seed} round ${round}`);
    if (prng.chance(0.1)) encoder.reset();
  }
  t.pass('all rounds');
});

t.test('EventResponseEncoder joins small events once for all watchers', async (t) => {
  const encoder = new EventResponseEncoder();
  const header = Uint8Array.of(24, 1);
  const events = [eventOf(10), eventOf(20), eventOf(5000), eventOf(30)];
  const pieces = [1n, 2n].map((watchId) => encoder.encode({ header, watchId, events }));
  t.same(
    pieces.map((list) => list.map(({ length }) => length > 40)),
    [
      [false, true, true, false],
      [false, true, true, false],
    ],
  );
  for (const place of [1, 2, 3]) t.equal(pieces[0]![place], pieces[1]![place], `piece ${place}`);
  t.equal(pieces[0]![2], events[2], 'a large event is not copied');
});
