import type { JsonObject } from '../machinery/json.js';
import { metricsVersion } from './metrics-objects.js';

const [group = '', version = ''] = metricsVersion.split('/');
const gv = { groupVersion: metricsVersion, version };
const metricsGroup: JsonObject = { name: group, versions: [gv], preferredVersion: gv };

/** The documents by which clients and the API server find out what is served, by path. */
export const discoveryDocuments: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  ['/apis', { kind: 'APIGroupList', apiVersion: 'v1', groups: [metricsGroup] }],
  [`/apis/${group}`, { kind: 'APIGroup', apiVersion: 'v1', ...metricsGroup }],
  [
    `/apis/${metricsVersion}`,
    {
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: metricsVersion,
      resources: [
        {
          ...{ name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics' },
          verbs: ['get', 'list'],
        },
        {
          ...{ name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics' },
          verbs: ['get', 'list'],
        },
      ],
    },
  ],
]);
