import type { Clock } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { PersistentVolume, Pod } from '../../api/gen/core-v1.js';
import type { ResourceSlice } from '../../api/gen/resource-v1.js';
import type { VolumeAttachment } from '../../api/gen/storage-v1.js';
import type { KubeObject } from '../../machinery/object.js';
import type { NodeGraph } from '../authorization/node/node-graph.js';
import type { EndpointTable } from '../registry/endpoint-table.js';
import { type Followed, followAll } from '../registry/follow-all.js';

/** Keeps the graph of what nodes may read as the stored pods, volumes and slices have it. Resolves once all that is stored was told. */
export function feedNodeGraph(
  graph: NodeGraph,
  endpoints: EndpointTable,
  options: { readonly clock: Clock; readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const all: readonly Followed[] = [
    {
      resource: { group: '', resource: 'pods' },
      follower: {
        upsert: (object: KubeObject) => graph.setPod(object as Pod),
        remove: (object: KubeObject) => graph.removePod(object),
      },
    },
    {
      resource: { group: '', resource: 'persistentvolumes' },
      follower: {
        upsert: (object: KubeObject) => graph.setVolume(object as PersistentVolume),
        remove: (object: KubeObject) => graph.removeVolume(object),
      },
    },
    {
      resource: { group: 'storage.k8s.io', resource: 'volumeattachments' },
      follower: {
        upsert: (object: KubeObject) => graph.setAttachment(object as VolumeAttachment),
        remove: (object: KubeObject) => graph.removeAttachment(object),
      },
    },
    {
      resource: { group: 'resource.k8s.io', resource: 'resourceslices' },
      follower: {
        upsert: (object: KubeObject) => graph.setSlice(object as ResourceSlice),
        remove: (object: KubeObject) => graph.removeSlice(object),
      },
    },
  ];
  return followAll(endpoints, all, options);
}
