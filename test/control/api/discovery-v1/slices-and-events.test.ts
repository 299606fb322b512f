import t from 'tap';
import { KindRig } from '../kind-rig.js';

const slices = new KindRig('discovery.k8s.io/v1', 'EndpointSlice');
const events = new KindRig('events.k8s.io/v1', 'Event');
const services = new KindRig('apiregistration.k8s.io/v1', 'APIService');

const slice = (more: object = {}) => ({
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.1.2.3'] }],
  ports: [{ port: 80 }],
  ...more,
});

t.test('EndpointSlice is filled in, counted, and kept to one kind of address', async (t) => {
  t.match(slices.created(slice()), { ports: [{ name: '', protocol: 'TCP', port: 80 }] });
  t.equal(slices.updated(slice({ endpoints: [] }), slice()).metadata.generation, 2);
  const labelled = { ...slice(), metadata: { labels: { a: 'b' } } };
  t.equal(slices.updated(labelled, slice()).metadata.generation, 2);
  t.equal(slices.updated(slice(), slice()).metadata.generation, 1);
  t.same(slices.updateErrors(slice({ addressType: 'FQDN', endpoints: [] }), slice()), [
    'addressType: Invalid value: "FQDN": field is immutable',
  ]);
});

t.test('EndpointSlice refuses what Kubernetes refuses', async (t) => {
  t.same(slices.createErrors(slice({ endpoints: [{}] })), [
    'endpoints[0].addresses: Required value: must contain at least 1 address',
  ]);
  t.same(slices.createErrors(slice({ endpoints: [{ addresses: ['127.0.0.1'] }] })), [
    'endpoints[0].addresses[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
  ]);
  t.same(slices.createErrors(slice({ endpoints: [{ addresses: ['2001:db8::1'] }] })), [
    'endpoints[0].addresses[0]: Invalid value: "2001:db8::1": must be a valid IPv4 address',
  ]);
  t.same(slices.createErrors(slice({ ports: [{ port: 1 }, { port: 2, protocol: 'ICMP' }] })), [
    'ports[1].name: Duplicate value: ""',
    'ports[1].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
  ]);
  t.same(slices.createErrors(slice({ addressType: 'FQDN', endpoints: [{ addresses: ['a'] }] })), [
    'endpoints[0].addresses[0]: Invalid value: "a": should be a domain with at least two segments separated by dots',
  ]);
  const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'];
  t.same(slices.cells(slice({ endpoints: [{ addresses }] })), [
    'x',
    'IPv4',
    '80',
    '10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...',
    '<unknown>',
  ]);
});

const event = (more: object = {}) => ({
  metadata: { namespace: 'default' },
  regarding: { kind: 'Pod', name: 'p', namespace: 'default' },
  eventTime: '2025-12-31T23:59:00.000000Z',
  reportingController: 'example.com/c',
  reportingInstance: 'c-1',
  action: 'Start',
  reason: 'Started',
  type: 'Normal',
  ...more,
});

t.test('Event of events.k8s.io/v1 is a new one, and only its series goes on', async (t) => {
  t.same(events.createErrors(event()), []);
  t.same(events.createErrors(event({ eventTime: undefined, type: 'Loud', deprecatedCount: 2 })), [
    'eventTime: Required value',
    'type: Invalid value: "": has invalid value: Loud',
    'count: Invalid value: "": needs to be unset',
  ]);
  t.same(events.createErrors(event({ reportingController: '' })).slice(0, 1), [
    'reportingController: Required value',
  ]);
  const series = { count: 2, lastObservedTime: '2026-01-01T00:00:00.000000Z' };
  t.same(events.updateErrors(event({ series }), event()), []);
  t.same(events.updateErrors(event({ note: 'n', series: { ...series, count: 1 } }), event()), [
    'series.count: Invalid value: "": should be at least 2',
    'message: Invalid value: "n": field is immutable',
  ]);
  t.same(events.cells(event({ note: 'hello' })).slice(0, 4), ['60s', 'Normal', 'Started', 'pod/p']);
});

t.test('APIService is named like its version, and a local one is there at once', async (t) => {
  const spec = {
    group: 'g.example.com',
    version: 'v1',
    groupPriorityMinimum: 1,
    versionPriority: 1,
  };
  const metadata = { name: 'v1.g.example.com' };
  t.match(services.created({ metadata, spec }).status, {
    conditions: [{ type: 'Available', status: 'True', reason: 'Local' }],
  });
  t.same(services.createErrors({ metadata, spec }), []);
  t.same(services.createErrors({ spec: { ...spec, versionPriority: 1001, caBundle: 'AAAA' } }), [
    'metadata.name: Invalid value: "x": must be `spec.version+"."+spec.group`: "v1.g.example.com"',
    'spec.versionPriority: Invalid value: 1001: must be positive and less than 1000',
    'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle',
  ]);
  const remote = { ...spec, service: { namespace: 'n', name: 's' }, insecureSkipTLSVerify: true };
  t.same(services.createErrors({ metadata, spec: remote }), []);
  const condition = { type: 'Available', status: 'False', reason: 'Gone' };
  t.same(
    services.cells({ metadata, spec: remote, status: { conditions: [condition] } }).slice(1, 3),
    ['n/s', 'False (Gone)'],
  );
});
