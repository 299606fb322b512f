import { CriRuntime } from '../../../../../src/control/kubelet/runtime/cri/index.js';
import { hostClock } from '../../../../../src/host/clock.js';
import { createGrpcJsChannel } from '../../../../../src/rpc/grpc-js/index.js';

/** A runtime on what serves CRI at a socket. */
export function openCriRuntime(socket: string): CriRuntime {
  const channel = createGrpcJsChannel(`unix://${socket}`, { clock: hostClock });
  return new CriRuntime({ clock: hostClock, runtime: channel, images: channel });
}
