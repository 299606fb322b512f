import t from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import { Prng } from '../../../src/base/prng.js';
import { apiResource, ControlClient, SharedInformers } from '../../../src/control/client/index.js';
import type { ApiCall } from '../../../src/control/client/transport.js';
import { ManualClock } from '../../store/manual-clock.js';
import { FaultyTransport } from './faulty-transport.js';

const things = apiResource('v1', 'things', 'Thing', 'cluster');

/** Notes from which revision on lists may be answered. */
class NotingTransport extends FaultyTransport {
  readonly asked: (string | undefined)[] = [];

  override call(call: ApiCall): Promise<Uint8Array> {
    this.asked.push(call.parameters.resourceVersion);
    return super.call(call);
  }
}

const cases = [
  ['what the server has at hand', {}, '0'],
  ['the latest when it works for a leader', { fence: { key: 'key', createRevision: 5 } }, ''],
] as const;

for (const [what, options, wanted] of cases) {
  t.test(`SharedInformers begin with ${what}`, async (t) => {
    const clock = new ManualClock();
    const server = new NotingTransport(clock, new Prng(1));
    server.put('one');
    const client = new ControlClient(server, { clock, ...options });
    const informers = new SharedInformers({
      ...{ client, clock, prng: new Prng(2), logger: silentLogger },
    });
    const informer = informers.of(things);
    const stop = new AbortController();
    const running = informers.run(stop.signal);
    await clock.advance(1000);
    t.equal(informer.lister.size, 1);
    t.same(server.asked, [wanted]);
    stop.abort();
    await clock.advance(1000);
    await running;
  });
}
