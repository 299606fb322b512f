import { Prng } from '../../src/base/prng.js';
import { type Client, connect } from '../../src/client/index.js';
import { FakeChannel, FakeClock } from './fake-channel.js';

/** A client of played servers, which begins with the first. */
export function fakeCluster(size: number): {
  readonly client: Client;
  readonly clock: FakeClock;
  readonly servers: readonly FakeChannel[];
} {
  const clock = new FakeClock();
  const servers: FakeChannel[] = [];
  const client = connect({
    endpoints: Array.from({ length: size }, (_, i) => `http://m${i}:1`),
    clock,
    prng: new Prng(seedFor(size)),
    openChannel: (url) => {
      const channel = new FakeChannel(url);
      servers.push(channel);
      return channel;
    },
  });
  return { client, clock, servers };
}

/** A seed whose first draw makes the client begin with the first endpoint. */
function seedFor(size: number): number {
  for (let seed = 1; ; seed++) if (new Prng(seed).int(0, size) === 0) return seed;
}
