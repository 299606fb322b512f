import type { Plugin } from '../../framework/plugin.js';
import { unresolvable } from '../statuses.js';

const otherNode = unresolvable("node(s) didn't match the requested node name");

/** A pod that names its node runs there or nowhere. */
export function nodeName(): Plugin {
  return {
    name: 'NodeName',
    filterLocality: 'demand',
    eventsToRegister: () => [{ resource: 'Node', actions: ['add'] }],
    filter(_, { pod }, { name }) {
      const wanted = pod.spec?.nodeName ?? '';
      return wanted === '' || wanted === name ? null : otherNode;
    },
  };
}
