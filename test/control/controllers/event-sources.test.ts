import t from 'tap';
import { controllerTable } from '../../../src/control/controllers/controller-table.js';

/** As Kubernetes 1.36 names them in `from` and `reportingComponent`, where it does not name them as the controller. */
const sources: readonly (readonly [controller: string, source: string])[] = [
  ['disruption-controller', 'controllermanager'],
  ['endpoints-controller', 'endpoint-controller'],
  ['endpointslice-controller', 'endpoint-slice-controller'],
  ['endpointslice-mirroring-controller', 'endpoint-slice-mirroring-controller'],
  ['ephemeral-volume-controller', 'ephemeral_volume'],
  ['horizontal-pod-autoscaler-controller', 'horizontal-pod-autoscaler'],
  ['node-ipam-controller', 'cidrAllocator'],
  ['node-lifecycle-controller', 'node-controller'],
  ['persistentvolume-attach-detach-controller', 'attachdetach-controller'],
  ['persistentvolume-binder-controller', 'persistentvolume-controller'],
  ['persistentvolume-expander-controller', 'volume_expand'],
  ['replicationcontroller-controller', 'replication-controller'],
  ['resourceclaim-controller', 'resource_claim'],
  ['service-lb-controller', 'service-controller'],
];

t.test('controllerTable: events come from whom Kubernetes says they come from', (t) => {
  const own = controllerTable
    .filter(({ name, eventSource = name }) => eventSource !== name)
    .map(({ name, eventSource }) => [name, eventSource]);
  t.same(own.sort(), sources);
  t.end();
});
