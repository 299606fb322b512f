import t from 'tap';
import { viewService } from '../../../src/control/proxy/model/view-service.js';
import { NftablesBackend } from '../../../src/control/proxy/nftables/nftables-backend.js';
import { ask, attachOutside, attachPod, labHost, needsNetwork, serve } from './network-lab.js';
import { nodeFacts, service, slice } from './objects.js';

t.test('NftablesBackend in a kernel', needsNetwork('nft'), async (t) => {
  const node = await labHost(t, 'node', ['10.244.0.1/24', 'fd00:244::1/64']);
  const a = await attachPod(t, node, 'a', ['10.244.0.2/24', 'fd00:244::2/64']);
  const b = await attachPod(t, node, 'b', ['10.244.0.3/24', 'fd00:244::3/64']);
  const outside = await attachOutside(t, node);
  const client = await attachPod(t, node, 'c', ['10.244.0.4/24', 'fd00:244::4/64']);
  await serve(t, a, { says: 'a', port: 8080 });
  await serve(t, b, { says: 'b', port: 8080 });
  const place = { name: 'n1', zone: '' };
  const facts = nodeFacts();
  const backend = new NftablesBackend({ run: node.run, family: 4 });
  const web = service('web', {
    type: 'NodePort',
    clusterIP: '10.96.0.10',
    ports: [{ port: 80, nodePort: 30080 }],
  });
  const endpoints = slice('web', [
    { addresses: ['10.244.0.2'], nodeName: 'n1' },
    { addresses: ['10.244.0.3'], nodeName: 'n1' },
  ]);
  await backend.sync({ facts, ports: viewService(web, [endpoints], place) });
  const answers = await ask(client, '10.96.0.10', 80, { count: 20 });
  t.same(
    [...new Set(answers)].sort(),
    ['a 10.244.0.4', 'b 10.244.0.4'],
    'both answer, to the pod itself',
  );
  t.match((await ask(node, '10.96.0.10', 80))[0], /^[ab] 10\.244\.0\.1$/, 'the node is served');
  t.match((await ask(outside, '192.0.2.1', 30080))[0], /^[ab] 10\.244\.0\.1$/, 'node port');
});
