import t from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import { makeSelfSigned } from '../../../src/cmd/apiserver/self-signed.js';
import { PublishedProxies } from '../../../src/cmd/metrics-server/published-proxies.js';
import type { ControlClient } from '../../../src/control/client/index.js';
import { ManualClock } from '../../store/manual-clock.js';

/** An API server that has one ConfigMap, or none. */
function publishing(data: Record<string, string> | null) {
  const server = { data, reads: 0 };
  const client = {
    objects: () => ({
      async get() {
        server.reads++;
        if (server.data === null) throw new Error('it does not answer');
        return { metadata: {}, data: server.data };
      },
    }),
  } as unknown as ControlClient;
  const clock = new ManualClock();
  return { server, clock, proxies: new PublishedProxies(client, clock, silentLogger) };
}

const request = {
  headers: new Map([['x-remote-user', 'jane']]),
  peerCertificates: [new Uint8Array([1])],
};

t.test('PublishedProxies are who the API server publishes, asked once a minute', async (t) => {
  const { cert } = await makeSelfSigned(['ca'], Date.now());
  const { server, clock, proxies } = publishing({
    'requestheader-client-ca-file': cert,
    'requestheader-username-headers': '["X-Remote-User"]',
  });
  const [one, two] = await Promise.all([proxies.current(), proxies.current()]);
  t.ok(one);
  t.equal(one, two);
  t.equal(server.reads, 1);
  await t.rejects(
    one!.authenticate(request),
    'its headers are read, and a certificate is asked for',
  );
  t.equal(await one!.authenticate({ ...request, headers: new Map() }), null);
  clock.jump(59_999);
  await proxies.current();
  t.equal(server.reads, 1);
  clock.jump(1);
  await proxies.current();
  t.equal(server.reads, 2);
  server.data = null;
  clock.jump(60_000);
  t.ok(await proxies.current(), 'who was known stays so while the API server does not answer');
  server.data = { 'client-ca-file': cert };
  clock.jump(60_000);
  t.equal(await proxies.current(), null, 'until it says that there are none');
});

t.test('PublishedProxies are nobody while nothing can be looked up', async (t) => {
  const { server, clock, proxies } = publishing(null);
  t.equal(await proxies.current(), null);
  server.data = { 'requestheader-client-ca-file': 'nonsense' };
  clock.jump(60_000);
  t.equal(await proxies.current(), null);
});
