import { implementService } from '../../rpc/implement.js';
import { RpcError, type ServiceImplementation, Status } from '../../rpc/service.js';
import { Health, type HealthCheckRequest, ServingStatus } from '../../wire/gen/health.js';

/** grpc.health.v1.Health: the server as a whole (the empty name) is serving whenever it answers. */
export function healthService(): ServiceImplementation {
  return implementService(Health, {
    Check(request) {
      if (!isKnown(request)) throw new RpcError(Status.notFound, 'unknown service');
      return { status: ServingStatus.SERVING };
    },

    async Watch(stream) {
      for await (const request of stream.requests) {
        const status = isKnown(request) ? ServingStatus.SERVING : ServingStatus.SERVICE_UNKNOWN;
        stream.send({ status });
        break;
      }
      // The answer does not change while the server lives: the call lasts until its caller or the server ends it.
      await new Promise<void>((resolve) => {
        if (stream.signal.aborted) resolve();
        else stream.signal.addEventListener('abort', () => resolve(), { once: true });
      });
    },
  });
}

function isKnown(request: HealthCheckRequest): boolean {
  return request.service === '';
}
