import type { ControllerDefinition } from '../controller.js';
import { ClusterRoleAggregationController } from './controller.js';

/** `clusterrole-aggregation-controller`. */
export const clusterRoleAggregationDefinition: ControllerDefinition = {
  name: 'clusterrole-aggregation-controller',
  alias: 'clusterrole-aggregation',
  isOnByDefault: true,
  flags: [],
  create: (parts) => new ClusterRoleAggregationController(parts),
};
