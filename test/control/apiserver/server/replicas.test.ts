import t from 'tap';
import { joinApi, startApi } from './api-rig.js';

const path = '/api/v1/namespaces/default/configmaps';

t.test('replicas on one store are one API', async (t) => {
  const one = await startApi(t);
  const two = await joinApi(t, one.storeUrl);
  const made = await one.ask('POST', path, { body: { metadata: { name: 'shared' } } });
  t.equal(made.status, 201);
  const seen = await two.ask('GET', `${path}/shared`);
  t.same(seen.json, made.json, 'what one has written the other reads at once');
  const watch = await two.watch(
    `${path}?watch=true&resourceVersion=${made.json.metadata.resourceVersion}`,
  );
  await one.ask('DELETE', `${path}/shared`);
  t.match(await watch.next(), { type: 'DELETED', object: { metadata: { name: 'shared' } } });
  const stale = { ...made.json, data: { a: 'b' } };
  t.equal((await two.ask('PUT', `${path}/shared`, { body: stale })).status, 404);
  watch.close();
});

t.test('writers on two replicas lose nothing', async (t) => {
  const one = await startApi(t);
  const two = await joinApi(t, one.storeUrl);
  await one.ask('POST', path, { body: { metadata: { name: 'counter' }, data: { count: '0' } } });
  const add = async (api: typeof one) => {
    for (;;) {
      const { json } = await api.ask('GET', `${path}/counter`);
      json.data.count = String(Number(json.data.count) + 1);
      const { status } = await api.ask('PUT', `${path}/counter`, { body: json });
      if (status === 200) return;
      if (status !== 409) throw new Error(`unexpected status ${status}`);
    }
  };
  const adds = [one, two, one, two, one, two].map(async (api) => {
    for (let i = 0; i < 5; i++) await add(api);
  });
  await Promise.all(adds);
  t.equal((await two.ask('GET', `${path}/counter`)).json.data.count, '30');
});

t.test('a server that stops ends its watches and closes', async (t) => {
  const api = await startApi(t);
  const watch = await api.watch(`${path}?watch=true`);
  await api.ask('POST', path, { body: { metadata: { name: 'last' } } });
  let event = await watch.next();
  while (event.object.kind !== 'ConfigMap') event = await watch.next();
  await api.running.close();
  await watch.ended;
  await t.rejects(api.ask('GET', '/healthz'), 'nobody listens any more');
});
