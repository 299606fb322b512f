import type { ControllerDefinition } from '../controller.js';
import { parseAddressRanges } from './address-pool.js';
import { ServiceLoadBalancerController } from './controller.js';

/** `service-lb-controller`: runs when it has a pool of addresses. */
export const serviceLoadBalancerDefinition: ControllerDefinition = {
  name: 'service-lb-controller',
  alias: 'service',
  eventSource: 'service-controller',
  isOnByDefault: true,
  flags: [
    {
      name: 'load-balancer-pool',
      help: 'Addresses for services of type LoadBalancer: networks and ranges, as 192.0.2.0/24,198.51.100.10-198.51.100.20.',
      ...{ kind: 'text', default: '' },
    },
    {
      name: 'load-balancer-class',
      help: 'The loadBalancerClass of the services that get them (default: those without a class).',
      ...{ kind: 'text', default: '' },
    },
  ],
  create(parts, flags) {
    const pool = flags.text('load-balancer-pool');
    if (pool === '') return null;
    const ownClass = flags.text('load-balancer-class');
    return new ServiceLoadBalancerController(parts, { ranges: parseAddressRanges(pool), ownClass });
  },
};
