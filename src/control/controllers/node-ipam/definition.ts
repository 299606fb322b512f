import type { ControllerDefinition } from '../controller.js';
import { NodeIpamController } from './controller.js';
import { cidrSetsOf } from './plan.js';

/** `node-ipam-controller`: runs when `--allocate-node-cidrs` asks for it and there is something to allocate from. */
export const nodeIpamDefinition: ControllerDefinition = {
  name: 'node-ipam-controller',
  alias: 'nodeipam',
  eventSource: 'cidrAllocator',
  isOnByDefault: true,
  flags: [
    {
      name: 'allocate-node-cidrs',
      help: 'Give each node networks for its pods.',
      ...{ kind: 'boolean', default: false },
    },
    {
      name: 'cluster-cidr',
      help: 'Networks of pods, one or one of each IP version, as 10.244.0.0/16,fd00:10:244::/48.',
      ...{ kind: 'text', default: '' },
    },
    {
      name: 'service-cluster-ip-range',
      help: 'Networks of services, which no node gets.',
      ...{ kind: 'text', default: '' },
    },
    {
      name: 'node-cidr-mask-size',
      help: "Prefix length of a node's network (default: 24 for IPv4, 64 for IPv6). For one IP version.",
      ...{ kind: 'integer', default: 0, min: 0 },
    },
    {
      name: 'node-cidr-mask-size-ipv4',
      help: "Prefix length of a node's IPv4 network (default: 24).",
      ...{ kind: 'integer', default: 0, min: 0 },
    },
    {
      name: 'node-cidr-mask-size-ipv6',
      help: "Prefix length of a node's IPv6 network (default: 64).",
      ...{ kind: 'integer', default: 0, min: 0 },
    },
  ],
  create(parts, flags) {
    const clusterCidrs = flags.text('cluster-cidr');
    if (!flags.boolean('allocate-node-cidrs') || clusterCidrs === '') return null;
    const sets = cidrSetsOf({
      clusterCidrs,
      serviceCidrs: flags.text('service-cluster-ip-range'),
      maskSize: flags.integer('node-cidr-mask-size'),
      maskSizeIpv4: flags.integer('node-cidr-mask-size-ipv4'),
      maskSizeIpv6: flags.integer('node-cidr-mask-size-ipv6'),
    });
    return new NodeIpamController(parts, sets);
  },
};
