import t from 'tap';
import { apiResource, ControlClient, UnreachableError } from '../../../src/control/client/index.js';
import type { Transport } from '../../../src/control/client/transport.js';
import { hostClock } from '../../../src/host/clock.js';

const things = apiResource('example.com/v1', 'things', 'Thing');

/** A server that gives the same answer to everything. */
function clientOf(answer: string): ControlClient {
  const bytes = new TextEncoder().encode(answer);
  const transport: Transport = {
    call: async () => bytes,
    document: async () => bytes,
    watch: async function* () {},
    close: async () => {},
  };
  return new ControlClient(transport, { clock: hostClock });
}

t.test('ControlClient: answers that are no JSON are failures of the way, not bugs', async (t) => {
  const client = clientOf('<html>502 Bad Gateway</html>');
  const failure = new UnreachableError('what came as an answer is no JSON');
  await t.rejects(client.objects(things).get({ namespace: 'n', name: 'a' }), failure);
  await t.rejects(client.objects(things).list({ namespace: 'n' }), failure);
  await t.rejects(client.document('/apis'), failure);
});

t.test(
  'ControlClient: objects of a list have metadata, whatever the server left out',
  async (t) => {
    const answer = JSON.stringify({ items: [{ value: 1 }, { metadata: null }] });
    const { items } = await clientOf(answer).objects(things).list({ namespace: 'n' });
    t.same(
      items.map(({ metadata, kind }) => [kind, metadata]),
      [
        ['Thing', {}],
        ['Thing', {}],
      ],
    );
  },
);
