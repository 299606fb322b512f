import { implementService } from '../../rpc/implement.js';
import type { ServerStream, ServiceImplementation } from '../../rpc/service.js';
import { Watch, type WatchRequest } from '../../wire/gen/etcdserverpb.js';
import type { WatchSink, WatchStream } from '../contracts.js';
import type { ApiContext } from './context.js';

/** etcdserverpb.Watch: one watch stream of the hub per call. */
export function watchService(context: ApiContext): ServiceImplementation {
  return implementService(Watch, {
    async Watch(stream) {
      let isOpen = true;
      const sink = sinkOf(stream, () => {
        if (isOpen) watch.onDrained();
      });
      const watch = context.watch.openStream(sink);
      try {
        for await (const request of stream.requests) dispatch(watch, request);
        // The caller may half-close and keep listening, as etcd allows.
        await aborted(stream.signal);
      } finally {
        isOpen = false;
        watch.close();
      }
    },
  });
}

/** A request of no kind, from a newer client perhaps, does not end the stream. */
function dispatch(watch: WatchStream, request: WatchRequest): void {
  if (request.createRequest !== undefined) watch.create(request.createRequest);
  else if (request.cancelRequest !== undefined) watch.cancel(request.cancelRequest.watchId);
  else if (request.progressRequest !== undefined) watch.requestProgress();
}

function sinkOf(stream: ServerStream<WatchRequest, unknown>, onDrained: () => void): WatchSink {
  let isWaiting = false;
  const wait = async () => {
    await stream.drained();
    isWaiting = false;
    onDrained();
  };
  return {
    send(response) {
      const hasRoom = stream.sendEncoded(response);
      if (!hasRoom && !isWaiting) {
        isWaiting = true;
        void wait();
      }
      return hasRoom;
    },
  };
}

/** Rejects with the signal's reason once it is aborted. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
