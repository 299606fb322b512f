import type { ServiceImplementation } from '../../rpc/service.js';
import { authService } from './auth.js';
import type { ApiContext } from './context.js';
import { withGuard } from './guard.js';
import { healthService } from './health.js';
import { kvService } from './kv.js';
import { leaseService } from './lease.js';
import { maintenanceService } from './maintenance.js';
import { watchService } from './watch.js';

/** All gRPC services of a member. */
export function apiServices(context: ApiContext): ServiceImplementation[] {
  const guarded = [
    kvService(context),
    watchService(context),
    leaseService(context),
    maintenanceService(context),
    authService(context),
  ].map((service) => withGuard(context, service));
  return [...guarded, healthService()];
}
