import type { ServiceImplementation } from '../../rpc/service.js';
import { forRootOnly } from './access.js';
import { authService } from './auth.js';
import { clusterService } from './cluster.js';
import type { ApiContext } from './context.js';
import { electionService } from './election.js';
import { withGuard } from './guard.js';
import { healthService } from './health.js';
import { kvService } from './kv.js';
import { leaseService } from './lease.js';
import { lockService } from './lock.js';
import { maintenanceService } from './maintenance.js';
import { watchService } from './watch.js';

/** All gRPC services of a member. */
export function apiServices(context: ApiContext): ServiceImplementation[] {
  const guarded = [
    kvService(context),
    watchService(context),
    leaseService(context),
    clusterService(context),
    forRootOnly(context, maintenanceService(context)),
    lockService(context),
    electionService(context),
    authService(context),
  ].map((service) => withGuard(context, service));
  return [...guarded, healthService()];
}
