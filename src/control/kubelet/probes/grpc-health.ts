import type { Clock } from '../../../base/clock.js';
import { createHttp2Channel } from '../../../rpc/http2/index.js';
import { RpcError, Status } from '../../../rpc/index.js';
import { Health } from '../../../wire/gen/health.js';
import type { ProbeAnswer } from './prober.js';

const keepalive = { intervalMs: 0, timeoutMs: 0 };
/** `SERVING` of grpc.health.v1. */
const serving = 1;
const names: readonly string[] = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

/** Asks a server over gRPC whether it serves (gRPC health checking protocol). */
export async function askGrpcHealth(
  {
    host,
    port,
    service,
  }: { readonly host: string; readonly port: number; readonly service: string },
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<ProbeAnswer> {
  const where = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const channel = createHttp2Channel(`http://${where}`, { clock, tls: {}, keepalive });
  try {
    const { status } = await channel.unary(Health.methods.Check, { service }, { timeoutMs });
    if (status === serving) return { result: 'success', output: 'service healthy' };
    const name = names[status] ?? String(status);
    return {
      result: 'failure',
      output: `service unhealthy (responded with ${JSON.stringify(name)})`,
    };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return { result: 'failure', output: textOf(error, where, timeoutMs) };
  } finally {
    await channel.close();
  }
}

function textOf({ code, message }: RpcError, where: string, timeoutMs: number): string {
  const quoted = JSON.stringify(where);
  switch (code) {
    case Status.unimplemented:
      return `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${message}`;
    case Status.deadlineExceeded:
    case Status.unavailable:
      return `timeout: failed to connect service ${quoted} within ${timeoutMs / 1000}s: ${message}`;
    default:
      return `error: health rpc probe failed: ${message}`;
  }
}
