import t from 'tap';
import { joinApi, startApi } from './api-rig.js';

const services = '/api/v1/namespaces/default/services';
const service = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: { ports: [{ port: 80 }], selector: { a: 'b' }, ...spec },
});

t.test('Services', async (t) => {
  const api = await startApi(t, [
    '--service-cluster-ip-range=10.9.0.0/27',
    '--service-node-port-range=30000-30003',
  ]);
  const other = await joinApi(t, api.storeUrl, [
    '--service-cluster-ip-range=10.9.0.0/27',
    '--service-node-port-range=30000-30003',
  ]);

  t.test('the kubernetes Service has the first address', async (t) => {
    const { json } = await api.ask('GET', `${services}/kubernetes`);
    t.match(json.spec, { clusterIP: '10.9.0.1', ports: [{ name: 'https', port: 443 }] });
  });

  t.test('the ServiceCIDR kubernetes shows the range, and is ready', async (t) => {
    const { json } = await api.ask('GET', '/apis/networking.k8s.io/v1/servicecidrs/kubernetes');
    t.same(json.spec, { cidrs: ['10.9.0.0/27'] });
    const { conditions } = json.status;
    t.equal(conditions.length, 1, 'two replicas say it once');
    t.match(conditions[0], {
      ...{ type: 'Ready', status: 'True', reason: '' },
      message: 'Kubernetes default Service CIDR is ready',
      lastTransitionTime: /^\d{4}-/,
    });
  });

  t.test('a replica with other ranges leaves the ServiceCIDR kubernetes as it is', async (t) => {
    await joinApi(t, api.storeUrl, ['--service-cluster-ip-range=10.7.0.0/27']);
    const { json } = await api.ask('GET', '/apis/networking.k8s.io/v1/servicecidrs/kubernetes');
    t.same(json.spec, { cidrs: ['10.9.0.0/27'] });
    t.equal(json.status.conditions.length, 1);
  });

  t.test('an address is given, kept over updates and given back', async (t) => {
    const made = await api.ask('POST', services, { body: service('one') });
    t.equal(made.status, 201, made.text);
    const { clusterIP } = made.json.spec;
    t.match(clusterIP, /^10\.9\.0\.\d+$/);
    t.match(made.json.spec, {
      clusterIPs: [clusterIP],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    });
    const kept = await api.ask('PUT', `${services}/one`, {
      body: service('one', { ports: [{ port: 81 }] }),
    });
    t.equal(kept.json.spec.clusterIP, clusterIP);
    const address = `/apis/networking.k8s.io/v1/ipaddresses/${clusterIP}`;
    t.match((await api.ask('GET', address)).json.spec.parentRef, {
      resource: 'services',
      name: 'one',
    });
    await api.ask('DELETE', `${services}/one`);
    t.equal((await api.ask('GET', address)).status, 404);
  });

  t.test('an address that is asked for is given once', async (t) => {
    const spec = { clusterIP: '10.9.0.5' };
    t.equal((await api.ask('POST', services, { body: service('asked', spec) })).status, 201);
    const again = await other.ask('POST', services, { body: service('asked2', spec) });
    t.equal(again.status, 422);
    t.match(
      again.json.message,
      /^Service "asked2" is invalid: spec.clusterIPs: Invalid value: \["10.9.0.5"\]: failed to allocate IP 10.9.0.5: provided IP is already allocated$/,
    );
    const outside = await api.ask('POST', services, {
      body: service('far', { clusterIP: '10.8.0.5' }),
    });
    t.match(
      outside.json.message,
      /the provided IP \(10.8.0.5\) is not in the valid range. The range of valid IPs is 10.9.0.0\/27/,
    );
    await api.ask('DELETE', `${services}/asked`);
  });

  t.test('what is no address is refused as that', async (t) => {
    const cases: readonly [object, RegExp][] = [
      [
        { clusterIP: '1.2.3' },
        /is invalid: spec.clusterIPs\[0\]: Invalid value: "1.2.3": must be a valid IP address, /,
      ],
      [{ ipFamilies: ['IPv5'] }, /is invalid: spec.ipFamilies\[0\]: Unsupported value: "IPv5"/],
      [{ ipFamilyPolicy: 'Both' }, /is invalid: spec.ipFamilyPolicy: Unsupported value: "Both"/],
    ];
    for (const [spec, message] of cases) {
      const refused = await api.ask('POST', services, { body: service('strange', spec) });
      t.equal(refused.status, 422, refused.text);
      t.match(refused.json.message, message);
    }
  });

  t.test('an address that a Service has stays, whether the other is free or taken', async (t) => {
    const { json } = await api.ask('POST', services, { body: service('stays') });
    const none = await api.ask('POST', services, { body: service('none', { clusterIP: 'None' }) });
    t.equal(none.status, 201, none.text);
    for (const clusterIP of ['10.9.0.1', '10.9.0.6']) {
      const options = {
        body: { spec: { clusterIP, clusterIPs: [clusterIP] } },
        headers: { 'content-type': 'application/merge-patch+json' },
      };
      const changed =
        /spec.clusterIPs\[0\]: Invalid value: \["10.9.0.\d"\]: may not change once set/;
      for (const name of ['stays', 'none']) {
        const refused = await api.ask('PATCH', `${services}/${name}`, options);
        t.equal(refused.status, 422);
        t.match(refused.json.message, changed);
      }
    }
    const free = await api.ask('GET', '/apis/networking.k8s.io/v1/ipaddresses/10.9.0.6');
    t.equal(free.status, 404, 'nothing was taken for what was refused');
    t.match((await api.ask('GET', `${services}/stays`)).json.spec, json.spec);
    for (const name of ['stays', 'none']) await api.ask('DELETE', `${services}/${name}`);
  });

  t.test('a refused Service leaves nothing behind', async (t) => {
    const before = (await api.ask('GET', '/apis/networking.k8s.io/v1/ipaddresses')).json.items
      .length;
    const bad = service('bad', { type: 'NodePort', ports: [{ port: 80 }, { port: 80 }] });
    t.equal((await api.ask('POST', services, { body: bad })).status, 422);
    t.equal(
      (await api.ask('POST', `${services}?dryRun=All`, { body: service('dry') })).status,
      201,
    );
    const after = (await api.ask('GET', '/apis/networking.k8s.io/v1/ipaddresses')).json.items
      .length;
    t.equal(after, before);
  });

  t.test('node ports are given, shared by protocols, and run out', async (t) => {
    const dns = {
      type: 'NodePort',
      ports: [
        { name: 'u', port: 53, protocol: 'UDP' },
        { name: 't', port: 53, protocol: 'TCP' },
      ],
    };
    const made = (await api.ask('POST', services, { body: service('dns', dns) })).json;
    const [udp, tcp] = made.spec.ports;
    t.equal(udp.nodePort, tcp.nodePort);
    const taken = { type: 'NodePort', ports: [{ port: 80, nodePort: udp.nodePort }] };
    const refused = await other.ask('POST', services, { body: service('taken', taken) });
    t.equal(refused.status, 422);
    t.match(
      refused.json.message,
      /spec.ports\[0\].nodePort: Invalid value: \d+: provided port is already allocated$/,
    );
    for (let i = 0; i < 3; i++) {
      t.equal(
        (await api.ask('POST', services, { body: service(`n${i}`, { type: 'NodePort' }) })).status,
        201,
      );
    }
    t.match(
      (await api.ask('POST', services, { body: service('n3', { type: 'NodePort' }) })).json.message,
      /range is full/,
    );
    await api.ask('DELETE', `${services}/dns`);
    t.equal(
      (await other.ask('POST', services, { body: service('n3', { type: 'NodePort' }) })).status,
      201,
      'a port that is free again is given again',
    );
  });

  t.test('no two Services of several replicas share an address', async (t) => {
    const asks = Array.from({ length: 16 }, (_, at) =>
      (at % 2 === 0 ? api : other).ask('POST', services, { body: service(`many${at}`) }),
    );
    const addresses: string[] = [];
    for (const { status, json } of await Promise.all(asks)) {
      t.equal(status, 201);
      addresses.push(json.spec.clusterIP);
    }
    t.equal(new Set(addresses).size, addresses.length);
  });

  t.test('types come and go with what they need', async (t) => {
    await api.ask('POST', services, {
      body: service('turn', {
        type: 'ExternalName',
        externalName: 'a.example.org',
        ports: undefined,
        selector: undefined,
      }),
    });
    const patch = (body: object) =>
      api.ask('PATCH', `${services}/turn`, {
        body,
        headers: { 'content-type': 'application/merge-patch+json' },
      });
    const inside = await patch({
      spec: { type: 'ClusterIP', externalName: null, ports: [{ port: 80 }] },
    });
    t.equal(inside.status, 200, inside.text);
    t.match(inside.json.spec.clusterIP, /^10\.9\.0\./);
    const headless = await api.ask('POST', services, {
      body: service('headless', { clusterIP: 'None' }),
    });
    t.match(headless.json.spec, { clusterIP: 'None', clusterIPs: ['None'] });
  });
});
