import type { Pod } from '../../../api/gen/core-v1.js';
import { labelOf } from '../../../machinery/labels.js';
import type { StateData } from '../../framework/cycle-state.js';
import type { NodeInfo } from '../../framework/node-info.js';
import type { Plugin } from '../../framework/plugin.js';
import { maxScore } from '../normalize-scores.js';
import { booleanOf, fieldsOf, numberOf } from '../plugin-arguments.js';
import { unresolvable } from '../statuses.js';

const name = 'DataLocality';
const stateKey = `PreScore${name}`;
const filterKey = `PreFilter${name}`;

/** Where the pod's data is: names of nodes, separated by commas. */
export const dataNodesAnnotation = 'scheduling.flotilla.dev/data-nodes';
/** Where the pod's data is near: labels of nodes, as `topology.kubernetes.io/zone=a`, separated by commas. */
export const dataTopologyAnnotation = 'scheduling.flotilla.dev/data-topology';

const farAway = unresolvable("node(s) didn't have the pod's data near");

/** Prefers nodes that have the data of a pod, and then nodes near it. Arguments: `nearScore` (50), and `isRequired` (false). */
export function dataLocality(args: unknown): Plugin {
  const fields = fieldsOf(args, ['nearScore', 'isRequired']);
  const nearScore = Math.min(maxScore, Math.max(0, numberOf(fields, 'nearScore', 50)));
  const isRequired = booleanOf(fields, 'isRequired', false);
  return {
    name,
    eventsToRegister: () => [{ resource: 'Node', actions: ['add', 'update-node-label'] }],
    preFilter(state, { pod }) {
      const places = placesOf(pod);
      if (places === null || !isRequired) return 'skip';
      state.write(filterKey, places);
      return null;
    },
    filter: (state, _, node) =>
      state.read<DataPlaces>(filterKey).nearness(node) === 'far' ? farAway : null,
    preScore(state, { pod }) {
      const places = placesOf(pod);
      if (places === null) return 'skip';
      state.write(stateKey, places);
      return null;
    },
    score(state, _, node) {
      const nearness = state.read<DataPlaces>(stateKey).nearness(node);
      if (nearness === 'here') return maxScore;
      return nearness === 'near' ? nearScore : 0;
    },
  };
}

class DataPlaces implements StateData {
  readonly #nodes: ReadonlySet<string>;
  readonly #labels: readonly (readonly [string, string])[];

  constructor(nodes: readonly string[], labels: readonly (readonly [string, string])[]) {
    this.#nodes = new Set(nodes);
    this.#labels = labels;
  }

  clone(): this {
    return this;
  }

  nearness({ name: nodeName, node }: NodeInfo): 'here' | 'near' | 'far' {
    if (this.#nodes.has(nodeName)) return 'here';
    const { labels } = node.metadata;
    return this.#labels.some(([key, value]) => labelOf(labels, key) === value) ? 'near' : 'far';
  }
}

/** Null: the pod does not say. */
function placesOf({ metadata }: Pod): DataPlaces | null {
  const { annotations } = metadata;
  const nodes = itemsOf(annotations?.[dataNodesAnnotation]);
  const labels = itemsOf(annotations?.[dataTopologyAnnotation]).flatMap((item) => {
    const [key = '', value] = item.split('=');
    return value === undefined ? [] : [[key.trim(), value.trim()] as const];
  });
  return nodes.length + labels.length === 0 ? null : new DataPlaces(nodes, labels);
}

function itemsOf(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
