import { spawnSync } from 'node:child_process';
import t from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import type { Service } from '../../../src/control/api/gen/core-v1.js';
import type { EndpointSlice } from '../../../src/control/api/gen/discovery-v1.js';
import { viewService } from '../../../src/control/proxy/model/view-service.js';
import { UserspaceBackend } from '../../../src/control/proxy/userspace/userspace-backend.js';
import { hostClock } from '../../../src/host/clock.js';
import { runCommand, runToSuccess } from '../../../src/host/command.js';
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

const withinNode = process.env.USERSPACE_TEST_NODE;
const ip = '10.96.0.10';

if (withinNode === undefined) {
  t.test('UserspaceBackend with a kernel that redirects', needsNetwork('nft'), async (t) => {
    const node = await labHost(t, 'node', ['10.244.0.1/24']);
    const env = { ...process.env, USERSPACE_TEST_NODE: node.name };
    const words = ['netns', 'exec', node.name, process.execPath, import.meta.filename];
    t.equal(spawnSync('ip', words, { env, stdio: ['ignore', 'inherit', 'inherit'] }).status, 0);
  });
} else {
  const here: LabNode = {
    name: withinNode,
    run: runCommand,
    ok: (line) => {
      const [command = '', ...args] = line.split(' ');
      return runToSuccess(runCommand, { command, args });
    },
  };
  t.test('pods, the node and others come by the addresses of services', async (t) => {
    const a = await attachPod(t, here, 'a', ['10.244.0.2/24']);
    const client = await attachPod(t, here, 'c', ['10.244.0.4/24']);
    const outside = await attachOutside(t, here);
    await serve(t, a, { says: 'a', port: 8080 });
    await serve(t, a, { says: 'a', port: 8080, protocol: 'udp' });
    const parts = { clock: hostClock, logger: silentLogger, udpIdleMs: 60_000, run: runCommand };
    const backend = new UserspaceBackend({ ...parts, family: 4 });
    t.teardown(() => backend.cleanUp());
    const sync = (...services: readonly (readonly [Service, EndpointSlice])[]) => {
      const ports = services.flatMap(([object, endpoints]) =>
        viewService(object, [endpoints], { name: 'n1', zone: '' }),
      );
      return backend.sync({ facts: nodeFacts(), ports });
    };
    const ask = (at: LabNode, host: string, port: number, question?: Question) =>
      askFrom(t, at, host, port, question);
    const podA = [{ addresses: ['10.244.0.2'], nodeName: 'n1' }];
    const web: Service = {
      ...service('web', {
        ...{ clusterIP: ip, type: 'LoadBalancer', externalIPs: ['198.51.100.7'] },
        ports: [{ port: 80, nodePort: 30080 }],
        loadBalancerSourceRanges: ['203.0.113.0/24'],
      }),
      status: { loadBalancer: { ingress: [{ ip: '198.51.100.8' }] } },
    };
    const udp = { name: 'dns', protocol: 'UDP' };
    const dns = service('dns', { clusterIP: '10.96.0.11', ports: [{ ...udp, port: 53 }] });
    await sync([web, slice('web', podA)], [dns, slice('dns', podA, udp)]);
    const own = 'a 10.244.0.1';

    t.same(await ask(client, ip, 80), [own], 'a cluster IP, from a pod');
    t.same(await ask(here, ip, 80), [own], 'from the node');
    t.same(await ask(a, ip, 80), [own], 'from the endpoint itself');
    t.same(await ask(outside, '192.0.2.1', 30080), [own], 'a node port, from outside');
    t.same(await ask(outside, '198.51.100.7', 80), [own], 'an external IP');
    t.same(await ask(outside, '198.51.100.8', 80), ['ECONNRESET'], 'who is not let in');
    for (const from of [client, here])
      t.same(await ask(from, '10.96.0.11', 53, { protocol: 'udp' }), [own], 'UDP');
    const [entry] = backend.entries();
    const port = Number(entry?.listens.split(':')[1]);
    t.same(
      await ask(outside, '192.0.2.1', port, { silentMs }),
      ['silent'],
      'nobody comes in by another way',
    );
    await sync([web, slice('web', [])]);
    t.same(await ask(client, ip, 80), ['ECONNRESET'], 'without endpoints');
    await backend.cleanUp();
    t.notMatch(await here.ok('nft list ruleset'), /flotilla-userspace/);
  });
}
