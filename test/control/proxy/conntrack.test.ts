import t from 'tap';
import { forgetFlows, staleFlows } from '../../../src/control/proxy/conntrack.js';
import type { ServicePortView } from '../../../src/control/proxy/model/service-port.js';
import { viewService } from '../../../src/control/proxy/model/view-service.js';
import { NftablesBackend } from '../../../src/control/proxy/nftables/nftables-backend.js';
import { askFrom, attachPod, labHost, needsNetwork, serve } from './network-lab.js';
import { nodeFacts, service, slice } from './objects.js';

function dns(...ips: string[]): ServicePortView {
  const udp = { name: 'dns', protocol: 'UDP' };
  const object = service('dns', { clusterIP: '10.96.0.10', ports: [{ ...udp, port: 53 }] });
  const [port] = viewService(
    object,
    [
      slice(
        'dns',
        ips.map((ip) => ({ addresses: [ip] })),
        udp,
      ),
    ],
    {
      ...{ name: 'n1', zone: '' },
    },
  );
  return port!;
}

const to = '--orig-dst 10.96.0.10 --orig-port-dst 53';
const start = '-D -f ipv4 -p udp';
const cases: readonly (readonly [
  name: string,
  before: ServicePortView | null,
  after: ServicePortView | null,
  flows: string[],
])[] = [
  ['nothing changes', dns('10.0.0.1'), dns('10.0.0.1'), []],
  ['an endpoint comes', dns('10.0.0.1'), dns('10.0.0.1', '10.0.0.2'), []],
  [
    'an endpoint goes',
    dns('10.0.0.1', '10.0.0.2'),
    dns('10.0.0.2'),
    [`${start} ${to} --dst-nat 10.0.0.1`],
  ],
  ['the service goes', dns('10.0.0.1'), null, [`${start} ${to} --dst-nat 10.0.0.1`]],
  ['the first endpoint comes', dns(), dns('10.0.0.1'), [`${start} ${to}`]],
  ['a service comes', null, dns('10.0.0.1'), [`${start} ${to}`]],
  ['TCP looks after itself', { ...dns('10.0.0.1'), protocol: 'tcp' }, null, []],
];
for (const [name, before, after, flows] of cases) {
  t.test(`staleFlows: ${name}`, async (t) => {
    t.same(
      staleFlows([{ before, after }]).map((args) => args.join(' ')),
      flows,
    );
  });
}

t.test('forgetFlows rejects with what conntrack complains of', async (t) => {
  const run = () => Promise.resolve({ exitCode: 1, stdout: '', stderr: 'no permission' });
  await t.rejects(forgetFlows(run, [['-D']]), {
    name: 'CommandError',
    message: 'conntrack -D: no permission',
  });
});

t.test(
  'forgetFlows sends a client that keeps its port to the endpoint that is left',
  needsNetwork('nft', 'conntrack'),
  async (t) => {
    const node = await labHost(t, 'node', ['10.244.0.1/24']);
    const a = await attachPod(t, node, 'a', ['10.244.0.2/24']);
    const b = await attachPod(t, node, 'b', ['10.244.0.3/24']);
    const client = await attachPod(t, node, 'c', ['10.244.0.4/24']);
    await serve(t, a, { says: 'a', port: 8080, protocol: 'udp' });
    await serve(t, b, { says: 'b', port: 8080, protocol: 'udp' });
    const backend = new NftablesBackend({ run: node.run, family: 4 });
    const facts = nodeFacts();
    const before = dns('10.244.0.2');
    const after = dns('10.244.0.3');
    const ask = () => askFrom(t, client, '10.96.0.10', 53, { protocol: 'udp', source: 5353 });
    await backend.sync({ facts, ports: [before] });
    t.match(await ask(), [/^a /]);
    await backend.sync({ facts, ports: [after] });
    t.match(
      await ask(),
      [/^a /],
      'the flow goes on to where it went: this is what has to be forgotten',
    );
    const flows = staleFlows([{ before, after }]);
    await forgetFlows(node.run, flows);
    t.match(await ask(), [/^b /]);
    await forgetFlows(node.run, flows);
  },
);
