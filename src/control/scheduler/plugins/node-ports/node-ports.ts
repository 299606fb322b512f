import type { Pod } from '../../../api/gen/core-v1.js';
import type { HostPort, NodeInfo, PodInfo } from '../../framework/node-info.js';
import type { Plugin } from '../../framework/plugin.js';
import { anyAddress, podInfoOf } from '../../framework/pod-info.js';
import { unschedulable } from '../statuses.js';

const taken = unschedulable("node(s) didn't have free ports for the requested pod ports");

/** Ports of the node that a pod wants must be free there. */
export function nodePorts(): Plugin {
  return {
    name: 'NodePorts',
    filterLocality: 'demand',
    eventsToRegister: () => [
      {
        resource: 'AssignedPod',
        actions: ['delete'],
        hint: (pod, { before }) =>
          before !== null && frees(podInfoOf(before as Pod), pod) ? 'queue' : 'skip',
      },
      { resource: 'Node', actions: ['add'] },
    ],
    preFilter: (_, { hostPorts }) => (hostPorts.length === 0 ? 'skip' : null),
    filter(_, { hostPorts }, { usedPorts }) {
      if (usedPorts.size === 0) return null;
      for (const port of hostPorts) if (isTaken(port, usedPorts)) return taken;
      return null;
    },
  };
}

/** On any address a port meets all of its uses; on one address those on it and those on any. */
function isTaken({ ip, protocol, port }: HostPort, usedPorts: NodeInfo['usedPorts']): boolean {
  const addresses = usedPorts.get(`${protocol}/${port}`);
  if (addresses === undefined || addresses.size === 0) return false;
  return ip === anyAddress || addresses.has(ip) || addresses.has(anyAddress);
}

function frees(gone: PodInfo, wanting: PodInfo): boolean {
  return gone.hostPorts.some((freed) =>
    wanting.hostPorts.some(
      (wanted) => freed.port === wanted.port && freed.protocol === wanted.protocol,
    ),
  );
}
