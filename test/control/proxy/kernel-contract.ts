import t, { type Test } from 'tap';
import type { Service } from '../../../src/control/api/gen/core-v1.js';
import type { EndpointSlice } from '../../../src/control/api/gen/discovery-v1.js';
import type { NodeFacts } from '../../../src/control/proxy/model/node-facts.js';
import type { IpFamily } from '../../../src/control/proxy/model/service-port.js';
import { viewService } from '../../../src/control/proxy/model/view-service.js';
import type { ProxyBackend } from '../../../src/control/proxy/proxy-backend.js';
import type { RunCommand } from '../../../src/host/command.js';
import {
  askFrom,
  attachOutside,
  attachPod,
  type LabNode,
  labHost,
  needsNetwork,
  type Question,
  serve,
  silentMs,
} from './network-lab.js';
import { nodeFacts, service, slice } from './objects.js';

/** A node with pods `a` and `b` that answer on 8080 by TCP and UDP, a pod `client`, and somebody outside. */
interface Lab {
  readonly node: LabNode;
  readonly a: LabNode;
  readonly client: LabNode;
  readonly outside: LabNode;
  sync(
    services: readonly (readonly [Service, ...EndpointSlice[]])[],
    facts?: NodeFacts,
  ): Promise<void>;
  /** Another process takes over. */
  restart(): void;
  cleanUp(): Promise<void>;
}

async function makeLab(t: Test, makeBackend: MakeBackend): Promise<Lab> {
  const node = await labHost(t, 'node', ['10.244.0.1/24', 'fd00:244::1/64']);
  const pod = (name: string, n: number) =>
    attachPod(t, node, name, [`10.244.0.${n}/24`, `fd00:244::${n}/64`]);
  const [a, b, client] = [await pod('a', 2), await pod('b', 3), await pod('c', 4)];
  const outside = await attachOutside(t, node);
  for (const [at, says] of [
    [a, 'a'],
    [b, 'b'],
  ] as const) {
    await serve(t, at, { says, port: 8080, host: '::' });
    await serve(t, at, { says, port: 8080, protocol: 'udp' });
  }
  const start = () =>
    ([4, 6] as const).map((family) => ({ family, plane: makeBackend(node.run, family) }));
  let backends = start();
  return {
    ...{ node, a, client, outside },
    async sync(services, facts = nodeFacts()) {
      const ports = services.flatMap(([object, ...slices]) =>
        viewService(object, slices, { name: 'n1', zone: '' }),
      );
      for (const { family, plane } of backends) {
        const podSource =
          family === 4 ? facts.podSource : ({ by: 'cidr', cidr: 'fd00:244::/64' } as const);
        const nodePortAddresses = family === 4 ? facts.nodePortAddresses : 'all';
        await plane.sync({
          facts: { ...facts, family, podSource, nodePortAddresses },
          ports: ports.filter((port) => port.family === family),
        });
      }
    },
    restart() {
      backends = start();
    },
    async cleanUp() {
      for (const { plane } of backends) await plane.cleanUp();
    },
  };
}

type MakeBackend = (run: RunCommand, family: IpFamily) => ProxyBackend;

const here = { nodeName: 'n1' };
const podA = { addresses: ['10.244.0.2'], ...here };
const podB = { addresses: ['10.244.0.3'], ...here };
const both = slice('web', [podA, podB]);
const ip = '10.96.0.10';

/** What every data plane in the kernel does, seen by clients in namespaces. */
export function kernelContract(
  name: string,
  programs: readonly string[],
  makeBackend: MakeBackend,
  { servesLoopback }: { readonly servesLoopback: boolean },
): void {
  t.test(`${name} serves as Kubernetes says`, needsNetwork(...programs), async (t) => {
    const lab = await makeLab(t, makeBackend);
    const { node, a, client, outside } = lab;
    const ask = (at: LabNode, host: string, port: number, question?: Question) =>
      askFrom(t, at, host, port, question);

    await t.test('a cluster IP, to both endpoints, who see the pod that asks', async (t) => {
      await lab.sync([[service('web', { clusterIP: ip }), both]]);
      const answers = await ask(client, ip, 80, { count: 24 });
      t.same([...new Set(answers)].sort(), ['a 10.244.0.4', 'b 10.244.0.4']);
      t.match((await ask(node, ip, 80))[0], /^[ab] .*10\.244\.0\.1$/, 'the node itself is served');
    });
    await t.test('a pod that reaches itself is answered', async (t) => {
      await lab.sync([[service('web', { clusterIP: ip }), slice('web', [podA])]]);
      t.match((await ask(a, ip, 80))[0], /^a .*10\.244\.0\.1$/);
    });
    await t.test('another port of a cluster IP is refused or silent, not forwarded', async (t) => {
      t.notMatch((await ask(client, ip, 81, { silentMs }))[0], /^[ab] /);
    });
    await t.test('a service without endpoints refuses at once', async (t) => {
      await lab.sync([
        [
          service('web', {
            clusterIP: ip,
            type: 'NodePort',
            ports: [{ port: 80, nodePort: 30080 }],
          }),
        ],
      ]);
      t.same(await ask(client, ip, 80), ['ECONNREFUSED']);
      t.same(await ask(node, ip, 80), ['ECONNREFUSED']);
      t.same(await ask(outside, '192.0.2.1', 30080), ['ECONNREFUSED']);
    });
    await t.test('a node port and an external IP, from outside', async (t) => {
      const spec = { clusterIP: ip, type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] };
      await lab.sync([[service('web', { ...spec, externalIPs: ['198.51.100.7'] }), both]]);
      t.match((await ask(outside, '192.0.2.1', 30080))[0], /^[ab] .*10\.244\.0\.1$/);
      t.match((await ask(outside, '198.51.100.7', 80))[0], /^[ab] .*10\.244\.0\.1$/);
      t.match((await ask(client, '192.0.2.1', 30080))[0], /^[ab] /);
    });
    await t.test('node ports are served on the given addresses alone', async (t) => {
      const spec = { clusterIP: ip, type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] };
      const web = [service('web', spec), both] as const;
      await lab.sync([web], nodeFacts({ nodePortAddresses: ['192.0.2.1'] }));
      t.match((await ask(outside, '192.0.2.1', 30080))[0], /^[ab] /);
      t.notMatch((await ask(client, '10.244.0.1', 30080, { silentMs }))[0], /^[ab] /);
    });
    await t.test('node ports are served on loopback addresses where the mode can', async (t) => {
      const spec = { clusterIP: ip, type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] };
      const web = [service('web', spec), both] as const;
      await lab.sync([web], nodeFacts({ servesLoopbackNodePorts: true }));
      const [answer] = await ask(node, '127.0.0.1', 30080);
      t.match(answer, servesLoopback ? /^[ab] / : 'ECONNREFUSED');
      t.match((await ask(node, '192.0.2.1', 30080))[0], /^[ab] /);
      await lab.sync([web], nodeFacts());
      t.notMatch((await ask(node, '127.0.0.1', 30080, { silentMs }))[0], /^[ab] /);
    });
    await t.test('who comes by the bridge of pods is seen, others are not', async (t) => {
      const bridge = { by: 'interface', name: 'br', isPrefix: true } as const;
      await lab.sync([[service('web', { clusterIP: ip }), both]], nodeFacts({ podSource: bridge }));
      t.match((await ask(client, ip, 80))[0], /^[ab] 10\.244\.0\.4$/);
      t.match((await ask(outside, ip, 80))[0], /^[ab] 10\.244\.0\.1$/);
    });
    await t.test(
      'external policy Local keeps the source, and is silent without an endpoint here',
      async (t) => {
        const spec = {
          clusterIP: ip,
          type: 'NodePort',
          externalTrafficPolicy: 'Local',
          ports: [{ port: 80, nodePort: 30080 }],
        };
        const web = service('web', spec);
        await lab.sync([
          [web, slice('web', [podA, { addresses: ['10.244.0.3'], nodeName: 'n2' }])],
        ]);
        t.same(await ask(outside, '192.0.2.1', 30080, { count: 4 }), Array(4).fill('a 192.0.2.9'));
        await lab.sync([[web, slice('web', [{ addresses: ['10.244.0.3'], nodeName: 'n2' }])]]);
        t.same(await ask(outside, '192.0.2.1', 30080, { silentMs }), ['silent']);
        t.match((await ask(client, '192.0.2.1', 30080))[0], /^b /, 'pods go anywhere');
        t.match((await ask(client, ip, 80))[0], /^b /);
      },
    );
    await t.test('internal policy Local stays here', async (t) => {
      const web = service('web', { clusterIP: ip, internalTrafficPolicy: 'Local' });
      await lab.sync([[web, slice('web', [podA, { addresses: ['10.244.0.3'], nodeName: 'n2' }])]]);
      t.same(await ask(client, ip, 80, { count: 6 }), Array(6).fill('a 10.244.0.4'));
      await lab.sync([[web, slice('web', [{ addresses: ['10.244.0.3'], nodeName: 'n2' }])]]);
      t.same(await ask(client, ip, 80, { silentMs }), ['silent']);
    });
    await t.test('a load balancer lets its source ranges in alone', async (t) => {
      const lb = (ranges: string[]): Service => ({
        ...service('web', {
          clusterIP: ip,
          type: 'LoadBalancer',
          loadBalancerSourceRanges: ranges,
        }),
        status: { loadBalancer: { ingress: [{ ip: '198.51.100.8' }] } },
      });
      await lab.sync([[lb(['192.0.2.0/24']), both]]);
      t.match((await ask(outside, '198.51.100.8', 80))[0], /^[ab] /);
      await lab.sync([[lb(['203.0.113.0/24', '203.0.114.0/24']), both]]);
      t.same(await ask(outside, '198.51.100.8', 80, { silentMs }), ['silent']);
    });
    await t.test('a client stays with its endpoint while that is there', async (t) => {
      const web = service('web', {
        ...{ clusterIP: ip, sessionAffinity: 'ClientIP' },
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
      });
      await lab.sync([[web, both]]);
      const [first = '', ...rest] = await ask(client, ip, 80, { count: 12 });
      t.match(first, /^[ab] /);
      t.same([...new Set(rest)], [first]);
      const other = first.startsWith('a') ? podB : podA;
      // Another service changes; who stays with whom does not.
      await lab.sync([
        [web, both],
        [service('x', { clusterIP: '10.96.0.11' }), slice('x', [podA])],
      ]);
      t.same([...new Set(await ask(client, ip, 80, { count: 6 }))], [first]);
      lab.restart();
      await lab.sync([[web, both]]);
      const later = await ask(client, ip, 80, { count: 6 });
      t.same([...new Set(later)], [first], 'another process makes all rules anew');
      await lab.sync([[web, slice('web', [other])]]);
      t.not((await ask(client, ip, 80))[0], first, 'an endpoint that is gone gets nobody');
    });
    await t.test('UDP', async (t) => {
      const udp = { name: 'dns', protocol: 'UDP' };
      const dns = service('dns', { clusterIP: ip, ports: [{ ...udp, port: 53 }] });
      await lab.sync([[dns, slice('dns', [podB], udp)]]);
      t.same(await ask(client, ip, 53, { protocol: 'udp' }), ['b 10.244.0.4']);
    });
    await t.test('IPv6', async (t) => {
      const six = { addressType: 'IPv6' };
      const web = service('web', {
        clusterIP: ip,
        clusterIPs: [ip, 'fd00:96::a'],
        type: 'NodePort',
        ports: [{ port: 80, nodePort: 30080 }],
      });
      await lab.sync([[web, both, slice('web', [{ addresses: ['fd00:244::2'], ...here }], six)]]);
      t.same(await ask(client, 'fd00:96::a', 80), ['a fd00:244::4']);
      t.match((await ask(outside, 'fd00:2::1', 30080))[0], /^a fd00:/);
      t.match((await ask(client, ip, 80))[0], /^[ab] /);
    });
    await t.test('cleanUp leaves nothing, and can be repeated', async (t) => {
      await lab.cleanUp();
      await lab.cleanUp();
      const left = await node.ok('nft list ruleset');
      t.notMatch(left, /kube/i);
    });
  });
}
