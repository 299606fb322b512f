/** The client of an API server: objects, informers and work queues, the same over every transport. */
export { type ApiResource, apiResource, type ObjectPlace, pathOf } from './api-resource.js';
export {
  ControlClient,
  type ControlClientOptions,
  connectGrpc,
  connectProbing,
  connectRest,
} from './control-client.js';
export { type Discovered, type DiscoveredResource, discover } from './discovery.js';
export {
  type ClosableEventRecorder,
  createEventRecorder,
  type EventRecorderOptions,
} from './events/create-event-recorder.js';
export type { EventRecorder, EventType } from './events/event-recorder.js';
export { Expectations } from './expectations.js';
export { readInClusterAccess } from './in-cluster.js';
export type { ChangeHandler } from './informer/handler-set.js';
export { Informer, type InformerOptions } from './informer/informer.js';
export {
  type IndexFunction,
  keyOf,
  type Lister,
  namespaceIndex,
  objectKey,
  splitKey,
} from './informer/object-cache.js';
export {
  type SharedInformerNeeds,
  SharedInformers,
  type SharedInformersOptions,
} from './informer/shared-informers.js';
export { type KubeconfigAccess, KubeconfigError, readKubeconfig } from './kubeconfig.js';
export type { ObservedRequest, RequestObserver } from './request-observer.js';
export * from './resource-client.js';
export { resources } from './resources.js';
export { RestTransport, type ServerAccess } from './rest-transport.js';
export { runWorkers, type WorkersOptions } from './run-workers.js';
export { TokenBucket } from './token-bucket.js';
export {
  type CallControl,
  type Transport,
  UnreachableError,
  type WatchEvent,
} from './transport.js';
export { type RetryPauses, WorkQueue, type WorkQueueObserver } from './work-queue.js';
